-- What a screen counts or lists is found without reading every document and every payload.

CREATE INDEX journal_refused ON journal (place) WHERE ruling = 'refused';
CREATE INDEX journal_held ON journal (case_id) WHERE ruling = 'held';
CREATE INDEX journal_decisions ON journal (case_id) WHERE kind = 'decide';
CREATE INDEX journal_visits ON journal (case_id, ruling, epoch, number)
    WHERE kind IN ('check_visit', 'start_travel', 'arrive', 'check_in');
CREATE INDEX case_open_conflicts ON case_file (open_conflicts) WHERE open_conflicts > 0;
CREATE INDEX case_in_conflict ON case_file (id) WHERE conflicts > 0;
