-- Salts and signed verdicts in the journal, what was purged, alarms, and lists without opening
-- every case. What was recorded is carried over as it is.

CREATE TABLE journal_2 (
    place INTEGER PRIMARY KEY AUTOINCREMENT, -- the order in which it was recorded
    incarnation TEXT NOT NULL,
    n INTEGER NOT NULL,              -- gapless per incarnation, given in this transaction
    action TEXT NOT NULL,
    case_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,           -- the person's name, for the list of what was saved
    recorded_at TEXT NOT NULL,
    schema INTEGER NOT NULL,
    payload TEXT NOT NULL,           -- what was committed to and signed, to the byte
    salt TEXT NOT NULL DEFAULT '',
    link TEXT NOT NULL,
    signature TEXT NOT NULL,
    ruling TEXT NOT NULL DEFAULT '', -- empty: in the outbox, not judged yet
    rule TEXT NOT NULL DEFAULT '',
    epoch INTEGER NOT NULL DEFAULT 0,
    number INTEGER NOT NULL DEFAULT 0,-- the revision that it produced; 0 for none
    leaf INTEGER NOT NULL DEFAULT 0, -- the verdict's place in the server's log
    verdict TEXT NOT NULL DEFAULT '',-- signed, as it came: a restored server knows it again
    hand_back INTEGER NOT NULL DEFAULT 0 -- judged, and the server asked for it again
) STRICT;
INSERT INTO journal_2 (incarnation, n, action, case_id, kind, subject, recorded_at, schema, payload,
    link, signature, ruling, rule, epoch, number)
SELECT incarnation, n, action, case_id, kind, subject, recorded_at, schema, payload,
    link, signature, ruling, rule, epoch, number FROM journal ORDER BY rowid;
DROP TABLE journal;
ALTER TABLE journal_2 RENAME TO journal;
CREATE UNIQUE INDEX journal_by_action ON journal (action);
CREATE UNIQUE INDEX journal_by_number ON journal (incarnation, n);
CREATE INDEX journal_by_case ON journal (case_id, place);
CREATE INDEX journal_outbox ON journal (place) WHERE ruling = '' OR hand_back = 1;

ALTER TABLE case_file ADD COLUMN conflicts INTEGER NOT NULL DEFAULT 0; -- open and settled
ALTER TABLE case_file ADD COLUMN day TEXT NOT NULL DEFAULT '';      -- of the assignment
ALTER TABLE case_file ADD COLUMN position INTEGER NOT NULL DEFAULT 0;
ALTER TABLE case_file ADD COLUMN name TEXT NOT NULL DEFAULT '';
ALTER TABLE case_file ADD COLUMN visits_open INTEGER NOT NULL DEFAULT 0; -- cleared and not ended
CREATE INDEX case_held ON case_file (id, epoch, number);
CREATE INDEX case_by_day ON case_file (day, position);
CREATE INDEX case_by_name ON case_file (name);
CREATE INDEX case_busy ON case_file (id) WHERE visits_open > 0 OR is_leaving > 0;

-- Names, references and places; Chinese is found by any two characters.
CREATE VIRTUAL TABLE case_search USING fts5(words);
INSERT INTO case_search (case_search, rank) VALUES ('secure-delete', 1);

CREATE TABLE purged (
    case_id TEXT NOT NULL PRIMARY KEY -- to be told to the server's custody ledger
) STRICT;

CREATE TABLE alarm (
    id TEXT NOT NULL PRIMARY KEY,
    doc TEXT NOT NULL                -- waits here until the server has it
) STRICT;

-- The columns above are filled as the cases come again.
DELETE FROM meta WHERE name = 'cursor';
