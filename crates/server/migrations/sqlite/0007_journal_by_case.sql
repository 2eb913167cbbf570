-- What happened to a case, for whoever asks what somebody could know of it.
CREATE INDEX journal_by_case ON journal (tenant, case_id, judged_at) WHERE case_id <> '';
