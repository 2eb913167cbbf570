-- The server's first schema. Every key begins with the tenant and every statement names it.

CREATE TABLE head (
    tenant TEXT NOT NULL,
    epoch INTEGER NOT NULL,          -- the history line; a restored server starts a new one
    number INTEGER NOT NULL,         -- the last feed number given; the only order that decides
    PRIMARY KEY (tenant)
) STRICT;

CREATE TABLE origin (
    tenant TEXT NOT NULL,
    device TEXT NOT NULL,            -- the server as the origin of what happens in the console
    incarnation TEXT NOT NULL,
    secret_key BLOB NOT NULL,        -- Ed25519 seed; signs the server's own actions
    PRIMARY KEY (tenant)
) STRICT;

CREATE TABLE person (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,              -- what they sign in with
    display_name TEXT NOT NULL,
    role TEXT NOT NULL,
    password_hash TEXT NOT NULL,     -- Argon2id, PHC string
    PRIMARY KEY (tenant, id)
) STRICT;
CREATE UNIQUE INDEX person_by_name ON person (tenant, name);

CREATE TABLE session (
    tenant TEXT NOT NULL,
    token_hash TEXT NOT NULL,        -- SHA-256; the token itself is only in the browser
    person TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    PRIMARY KEY (tenant, token_hash)
) STRICT;

CREATE TABLE enrol_code (
    tenant TEXT NOT NULL,
    code_hash TEXT NOT NULL,
    person TEXT NOT NULL,            -- whose device it will be
    expires_at TEXT NOT NULL,
    used_at TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (tenant, code_hash)
) STRICT;

CREATE TABLE device (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    person TEXT NOT NULL,
    public_key TEXT NOT NULL,        -- Ed25519, hex
    token_hash TEXT NOT NULL,
    token_expires_at TEXT NOT NULL,
    enrolled_at TEXT NOT NULL,
    last_seen_at TEXT NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT;
CREATE UNIQUE INDEX device_by_token ON device (tenant, token_hash);

CREATE TABLE journal (
    tenant TEXT NOT NULL,
    device TEXT NOT NULL,
    incarnation TEXT NOT NULL,
    n INTEGER NOT NULL,              -- gapless per incarnation
    action TEXT NOT NULL,
    case_id TEXT NOT NULL DEFAULT '',-- empty where the payload can't be read yet
    actor TEXT NOT NULL,
    kind TEXT NOT NULL,
    schema INTEGER NOT NULL,
    payload TEXT NOT NULL,           -- as it came, to the byte
    link TEXT NOT NULL,              -- hash chain
    signature TEXT NOT NULL,
    ruling TEXT NOT NULL,            -- applied, held, refused
    rule TEXT NOT NULL DEFAULT '',
    number INTEGER NOT NULL,         -- the feed number it produced; 0 for none
    judged_at TEXT NOT NULL,
    PRIMARY KEY (tenant, device, incarnation, n)
) STRICT;
CREATE INDEX journal_by_action ON journal (tenant, action);
CREATE INDEX journal_by_number ON journal (tenant, number) WHERE number > 0;
CREATE INDEX journal_refused ON journal (tenant, judged_at) WHERE ruling = 'refused';

CREATE TABLE case_file (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    number INTEGER NOT NULL,         -- its revision in the current epoch
    agent TEXT NOT NULL DEFAULT '',  -- who has it; the scope of a device
    day TEXT NOT NULL DEFAULT '',
    position INTEGER NOT NULL DEFAULT 0,
    open_conflicts INTEGER NOT NULL DEFAULT 0,
    months_overdue INTEGER NOT NULL DEFAULT 0,
    search TEXT NOT NULL,            -- lower-case name, reference, street, town
    doc TEXT NOT NULL,               -- the case, as JSON
    PRIMARY KEY (tenant, id)
) STRICT;
CREATE INDEX case_by_agent ON case_file (tenant, agent, number);
CREATE INDEX case_by_conflict ON case_file (tenant, number) WHERE open_conflicts > 0;

CREATE TABLE departure (
    tenant TEXT NOT NULL,
    agent TEXT NOT NULL,             -- whose scope it left
    case_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (tenant, agent, case_id)
) STRICT;

CREATE TABLE imported_row (
    tenant TEXT NOT NULL,
    case_id TEXT NOT NULL,
    hash TEXT NOT NULL,              -- of the account as last imported: the same again is no change
    PRIMARY KEY (tenant, case_id)
) STRICT;
