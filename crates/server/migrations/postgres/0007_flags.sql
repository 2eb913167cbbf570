-- When a person should look at a flag (at once where nobody has, then on the day of its review), and the
-- last day on which one speaks.
ALTER TABLE case_file ADD COLUMN look_on TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE case_file ADD COLUMN look_until TEXT COLLATE "C" NOT NULL DEFAULT '';
-- Which of them are cleared, only the case itself knows: all are listed until they are written anew. This is
-- said of every tenant's cases at once.
ALTER TABLE case_file NO FORCE ROW LEVEL SECURITY;
UPDATE case_file SET look_on = '0001-01-01', look_until = '9999-12-31'
    WHERE doc NOT LIKE '%"flags":[]%';
ALTER TABLE case_file FORCE ROW LEVEL SECURITY;
CREATE INDEX case_to_look_at ON case_file (tenant, look_on) WHERE look_on <> '';
