-- The server's schema on PostgreSQL: the tables of SQLite, with the tenant first in every key and
-- held by row-level security as well. Text is compared byte by byte, as SQLite does.

CREATE TABLE head (
    tenant TEXT COLLATE "C" NOT NULL,
    epoch BIGINT NOT NULL,          -- the history line; a restored server starts a new one
    number BIGINT NOT NULL,         -- the last feed number given; the only order that decides
    leaves BIGINT NOT NULL DEFAULT 0, -- verdicts in the log of this epoch
    began BIGINT NOT NULL DEFAULT 0, -- the number at which this epoch began
    durable BIGINT NOT NULL DEFAULT 0, -- leaves that a backup covers
    backed_up_at TEXT COLLATE "C" NOT NULL DEFAULT '',
    PRIMARY KEY (tenant)
);

CREATE TABLE origin (
    tenant TEXT COLLATE "C" NOT NULL,
    device TEXT COLLATE "C" NOT NULL,            -- the server as the origin of what happens in the console
    incarnation TEXT COLLATE "C" NOT NULL,
    secret_key BYTEA NOT NULL,        -- Ed25519 seed; signs the server's own actions
    seal_key BYTEA NOT NULL DEFAULT ''::bytea, -- X25519 secret; opens sealed actions
    PRIMARY KEY (tenant)
);

CREATE TABLE person (
    tenant TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,              -- what they sign in with
    display_name TEXT COLLATE "C" NOT NULL,
    role TEXT COLLATE "C" NOT NULL,
    password_hash TEXT COLLATE "C" NOT NULL,     -- Argon2id, PHC string
    PRIMARY KEY (tenant, id)
);

CREATE TABLE session (
    tenant TEXT COLLATE "C" NOT NULL,
    token_hash TEXT COLLATE "C" NOT NULL,        -- SHA-256; the token itself is only in the browser
    person TEXT COLLATE "C" NOT NULL,
    expires_at TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant, token_hash)
);

CREATE TABLE enrol_code (
    tenant TEXT COLLATE "C" NOT NULL,
    code_hash TEXT COLLATE "C" NOT NULL,
    person TEXT COLLATE "C" NOT NULL,            -- whose device it will be
    expires_at TEXT COLLATE "C" NOT NULL,
    used_at TEXT COLLATE "C" NOT NULL DEFAULT '',
    PRIMARY KEY (tenant, code_hash)
);

CREATE TABLE device (
    tenant TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    person TEXT COLLATE "C" NOT NULL,
    public_key TEXT COLLATE "C" NOT NULL,        -- Ed25519, hex
    token_hash TEXT COLLATE "C" NOT NULL,
    token_expires_at TEXT COLLATE "C" NOT NULL,
    enrolled_at TEXT COLLATE "C" NOT NULL,
    last_seen_at TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL DEFAULT 'active', -- active, retired, lost
    state_at TEXT COLLATE "C" NOT NULL DEFAULT '',
    PRIMARY KEY (tenant, id)
);

CREATE TABLE journal (
    tenant TEXT COLLATE "C" NOT NULL,
    device TEXT COLLATE "C" NOT NULL,
    incarnation TEXT COLLATE "C" NOT NULL,
    n BIGINT NOT NULL,              -- gapless per incarnation
    action TEXT COLLATE "C" NOT NULL,
    case_id TEXT COLLATE "C" NOT NULL DEFAULT '',-- empty where the payload can't be read yet
    actor TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    schema BIGINT NOT NULL,
    payload TEXT COLLATE "C" NOT NULL,           -- as it came, to the byte
    link TEXT COLLATE "C" NOT NULL,              -- hash chain
    signature TEXT COLLATE "C" NOT NULL,
    ruling TEXT COLLATE "C" NOT NULL,            -- applied, held, refused
    rule TEXT COLLATE "C" NOT NULL DEFAULT '',
    number BIGINT NOT NULL,         -- the feed number it produced; 0 for none
    judged_at TEXT COLLATE "C" NOT NULL,
    salt TEXT COLLATE "C" NOT NULL DEFAULT '',
    commitment TEXT COLLATE "C" NOT NULL DEFAULT '',
    remarks TEXT COLLATE "C" NOT NULL DEFAULT '[]', -- labels of an applied action, JSON
    epoch BIGINT NOT NULL DEFAULT 0, -- of the verdict
    leaf BIGINT NOT NULL DEFAULT 0, -- of the verdict in that epoch's log
    first TEXT COLLATE "C" NOT NULL DEFAULT '', -- revision of the first verdict, where this one replays it
    verdict_signature TEXT COLLATE "C" NOT NULL DEFAULT '',
    PRIMARY KEY (tenant, device, incarnation, n)
);

CREATE TABLE case_file (
    tenant TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    number BIGINT NOT NULL,         -- its revision in the current epoch
    agent TEXT COLLATE "C" NOT NULL DEFAULT '',  -- who has it; the scope of a device
    day TEXT COLLATE "C" NOT NULL DEFAULT '',
    position BIGINT NOT NULL DEFAULT 0,
    open_conflicts BIGINT NOT NULL DEFAULT 0,
    months_overdue BIGINT NOT NULL DEFAULT 0,
    search TEXT COLLATE "C" NOT NULL,            -- lower-case name, reference, street, town
    doc TEXT COLLATE "C" NOT NULL,               -- the case, as JSON
    epoch BIGINT NOT NULL DEFAULT 0, -- of its revision
    PRIMARY KEY (tenant, id)
);

CREATE TABLE departure (
    tenant TEXT COLLATE "C" NOT NULL,
    agent TEXT COLLATE "C" NOT NULL,             -- whose scope it left
    case_id TEXT COLLATE "C" NOT NULL,
    number BIGINT NOT NULL,
    PRIMARY KEY (tenant, agent, case_id)
);

CREATE TABLE imported_row (
    tenant TEXT COLLATE "C" NOT NULL,
    case_id TEXT COLLATE "C" NOT NULL,
    hash TEXT COLLATE "C" NOT NULL,              -- of the account as last imported: the same again is no change
    PRIMARY KEY (tenant, case_id)
);

CREATE TABLE log_leaf (
    tenant TEXT COLLATE "C" NOT NULL,
    epoch BIGINT NOT NULL,
    leaf BIGINT NOT NULL,           -- gapless from 0 in each epoch
    statement TEXT COLLATE "C" NOT NULL,         -- what is hashed and signed, word for word
    signature TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant, epoch, leaf)
);

CREATE TABLE log_head (
    tenant TEXT COLLATE "C" NOT NULL,
    epoch BIGINT NOT NULL,
    size BIGINT NOT NULL,
    root TEXT COLLATE "C" NOT NULL,              -- RFC 6962 tree hash, hex
    at TEXT COLLATE "C" NOT NULL,
    signature TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant, epoch, size)
);

CREATE TABLE custody (
    tenant TEXT COLLATE "C" NOT NULL,
    device TEXT COLLATE "C" NOT NULL,
    case_id TEXT COLLATE "C" NOT NULL,
    sent_at TEXT COLLATE "C" NOT NULL,           -- when the device was first sent it, since it last purged it
    purged_at TEXT COLLATE "C" NOT NULL DEFAULT '',
    PRIMARY KEY (tenant, device, case_id)
);

CREATE TABLE aside (
    tenant TEXT COLLATE "C" NOT NULL,
    device TEXT COLLATE "C" NOT NULL,
    incarnation TEXT COLLATE "C" NOT NULL,
    n BIGINT NOT NULL,
    link TEXT COLLATE "C" NOT NULL,
    envelope TEXT COLLATE "C" NOT NULL,          -- whole, as it came
    reason TEXT COLLATE "C" NOT NULL,            -- fork
    arrived_at TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant, device, incarnation, n, link)
);

CREATE TABLE alarm (
    tenant TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    device TEXT COLLATE "C" NOT NULL,
    person TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,              -- panic, duress, red, check_in
    case_id TEXT COLLATE "C" NOT NULL DEFAULT '',
    recorded_at TEXT COLLATE "C" NOT NULL,       -- the device's wall clock
    arrived_at TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant, id)
);

CREATE TABLE newer_case (
    tenant TEXT COLLATE "C" NOT NULL,
    case_id TEXT COLLATE "C" NOT NULL,
    device TEXT COLLATE "C" NOT NULL,            -- which holds it at a revision that this server has lost
    epoch BIGINT NOT NULL,
    number BIGINT NOT NULL,
    told_at TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant, case_id, device)
);

CREATE TABLE policy_version (
    tenant TEXT COLLATE "C" NOT NULL,
    hash TEXT COLLATE "C" NOT NULL,
    doc TEXT COLLATE "C" NOT NULL,               -- the policies, JSON: old actions are judged by the version they name
    PRIMARY KEY (tenant, hash)
);

CREATE TABLE household_visit (
    tenant TEXT COLLATE "C" NOT NULL,
    household TEXT COLLATE "C" NOT NULL,
    day TEXT COLLATE "C" NOT NULL,               -- where the household lives
    visit TEXT COLLATE "C" NOT NULL,
    case_id TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant, household, day, visit)
);

CREATE TABLE late_verdict (
    tenant TEXT COLLATE "C" NOT NULL,
    device TEXT COLLATE "C" NOT NULL,
    number BIGINT NOT NULL,         -- sent to a device whose cursor is before it
    action TEXT COLLATE "C" NOT NULL, -- judged again: a newer server could read it at last
    PRIMARY KEY (tenant, device, number)
);

CREATE TABLE upload (
    tenant TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,                -- follows from device and hash: a crash never starts twice
    device TEXT COLLATE "C" NOT NULL,
    hash TEXT COLLATE "C" NOT NULL,              -- SHA-256 of the plaintext, hex
    size BIGINT NOT NULL,
    received BIGINT NOT NULL,
    stored_at TEXT COLLATE "C" NOT NULL DEFAULT '', -- set only after the whole hash was verified
    PRIMARY KEY (tenant, id)
);

CREATE TABLE upload_part (
    tenant TEXT COLLATE "C" NOT NULL,
    upload TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,            -- where in the plaintext it begins
    size BIGINT NOT NULL,
    object TEXT COLLATE "C" NOT NULL,           -- its name in the object store, encrypted
    PRIMARY KEY (tenant, upload, at)
);

CREATE TABLE attachment_key (
    tenant TEXT COLLATE "C" NOT NULL,
    key BYTEA NOT NULL,               -- encrypts what is stored; lost with the tenant, never shared
    PRIMARY KEY (tenant)
);

CREATE UNIQUE INDEX person_by_name ON person (tenant, name);
CREATE UNIQUE INDEX device_by_token ON device (tenant, token_hash);
CREATE INDEX journal_by_action ON journal (tenant, action);
CREATE INDEX journal_by_number ON journal (tenant, number) WHERE number > 0;
CREATE INDEX journal_refused ON journal (tenant, judged_at) WHERE ruling = 'refused';
CREATE INDEX case_by_agent ON case_file (tenant, agent, number);
CREATE INDEX case_by_conflict ON case_file (tenant, number) WHERE open_conflicts > 0;
CREATE INDEX journal_waiting ON journal (tenant, rule) WHERE rule = 'action.newer_app';
CREATE INDEX case_by_number ON case_file (tenant, number);
CREATE INDEX departure_by_number ON departure (tenant, number);
CREATE INDEX case_scope ON case_file (tenant, agent, id, epoch, number);
CREATE INDEX upload_by_hash ON upload (tenant, hash);

-- Nobody sees another tenant's rows, whatever a statement forgets.
ALTER TABLE head ENABLE ROW LEVEL SECURITY;
ALTER TABLE head FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON head USING (tenant = current_setting('doorstep.tenant', true));
ALTER TABLE origin ENABLE ROW LEVEL SECURITY;
ALTER TABLE origin FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON origin USING (tenant = current_setting('doorstep.tenant', true));
ALTER TABLE person ENABLE ROW LEVEL SECURITY;
ALTER TABLE person FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON person USING (tenant = current_setting('doorstep.tenant', true));
ALTER TABLE session ENABLE ROW LEVEL SECURITY;
ALTER TABLE session FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON session USING (tenant = current_setting('doorstep.tenant', true));
ALTER TABLE enrol_code ENABLE ROW LEVEL SECURITY;
ALTER TABLE enrol_code FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON enrol_code USING (tenant = current_setting('doorstep.tenant', true));
ALTER TABLE device ENABLE ROW LEVEL SECURITY;
ALTER TABLE device FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON device USING (tenant = current_setting('doorstep.tenant', true));
ALTER TABLE journal ENABLE ROW LEVEL SECURITY;
ALTER TABLE journal FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON journal USING (tenant = current_setting('doorstep.tenant', true));
ALTER TABLE case_file ENABLE ROW LEVEL SECURITY;
ALTER TABLE case_file FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON case_file USING (tenant = current_setting('doorstep.tenant', true));
ALTER TABLE departure ENABLE ROW LEVEL SECURITY;
ALTER TABLE departure FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON departure USING (tenant = current_setting('doorstep.tenant', true));
ALTER TABLE imported_row ENABLE ROW LEVEL SECURITY;
ALTER TABLE imported_row FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON imported_row USING (tenant = current_setting('doorstep.tenant', true));
ALTER TABLE log_leaf ENABLE ROW LEVEL SECURITY;
ALTER TABLE log_leaf FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON log_leaf USING (tenant = current_setting('doorstep.tenant', true));
ALTER TABLE log_head ENABLE ROW LEVEL SECURITY;
ALTER TABLE log_head FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON log_head USING (tenant = current_setting('doorstep.tenant', true));
ALTER TABLE custody ENABLE ROW LEVEL SECURITY;
ALTER TABLE custody FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON custody USING (tenant = current_setting('doorstep.tenant', true));
ALTER TABLE aside ENABLE ROW LEVEL SECURITY;
ALTER TABLE aside FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON aside USING (tenant = current_setting('doorstep.tenant', true));
ALTER TABLE alarm ENABLE ROW LEVEL SECURITY;
ALTER TABLE alarm FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON alarm USING (tenant = current_setting('doorstep.tenant', true));
ALTER TABLE newer_case ENABLE ROW LEVEL SECURITY;
ALTER TABLE newer_case FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON newer_case USING (tenant = current_setting('doorstep.tenant', true));
ALTER TABLE policy_version ENABLE ROW LEVEL SECURITY;
ALTER TABLE policy_version FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON policy_version USING (tenant = current_setting('doorstep.tenant', true));
ALTER TABLE household_visit ENABLE ROW LEVEL SECURITY;
ALTER TABLE household_visit FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON household_visit USING (tenant = current_setting('doorstep.tenant', true));
ALTER TABLE late_verdict ENABLE ROW LEVEL SECURITY;
ALTER TABLE late_verdict FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON late_verdict USING (tenant = current_setting('doorstep.tenant', true));
ALTER TABLE upload ENABLE ROW LEVEL SECURITY;
ALTER TABLE upload FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON upload USING (tenant = current_setting('doorstep.tenant', true));
ALTER TABLE upload_part ENABLE ROW LEVEL SECURITY;
ALTER TABLE upload_part FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON upload_part USING (tenant = current_setting('doorstep.tenant', true));
ALTER TABLE attachment_key ENABLE ROW LEVEL SECURITY;
ALTER TABLE attachment_key FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON attachment_key USING (tenant = current_setting('doorstep.tenant', true));
