-- The device's first schema, inside an encrypted file.

CREATE TABLE meta (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL              -- JSON
) STRICT;

CREATE TABLE journal (
    incarnation TEXT NOT NULL,
    n INTEGER NOT NULL,              -- gapless per incarnation, given in this transaction
    action TEXT NOT NULL,
    case_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,           -- the person's name, for the list of what was saved
    recorded_at TEXT NOT NULL,
    schema INTEGER NOT NULL,
    payload TEXT NOT NULL,           -- what was hashed and signed, to the byte
    link TEXT NOT NULL,
    signature TEXT NOT NULL,
    ruling TEXT NOT NULL DEFAULT '', -- empty: in the outbox, not judged yet
    rule TEXT NOT NULL DEFAULT '',
    epoch INTEGER NOT NULL DEFAULT 0,
    number INTEGER NOT NULL DEFAULT 0,-- the revision that it produced; 0 for none
    PRIMARY KEY (incarnation, n)
) STRICT;
CREATE UNIQUE INDEX journal_by_action ON journal (action);
CREATE INDEX journal_by_case ON journal (case_id);
CREATE INDEX journal_outbox ON journal (recorded_at) WHERE ruling = '';

CREATE TABLE case_file (
    id TEXT NOT NULL PRIMARY KEY,
    epoch INTEGER NOT NULL,
    number INTEGER NOT NULL,
    is_leaving INTEGER NOT NULL DEFAULT 0, -- left the scope while a visit was under way
    open_conflicts INTEGER NOT NULL DEFAULT 0,
    doc TEXT NOT NULL                -- the server's document, as JSON
) STRICT;

CREATE TABLE draft (
    name TEXT NOT NULL PRIMARY KEY,
    case_id TEXT NOT NULL,           -- a purged case takes its drafts along
    doc TEXT NOT NULL
) STRICT;
