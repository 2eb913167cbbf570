-- Signed verdicts and their log, salted commitments, custody, forks kept aside, alarms, handovers.
-- Only added to; what 0001 made stays as it is.

ALTER TABLE head ADD COLUMN leaves INTEGER NOT NULL DEFAULT 0;   -- verdicts in the log of this epoch
ALTER TABLE head ADD COLUMN durable INTEGER NOT NULL DEFAULT 0;  -- leaves that a backup covers
ALTER TABLE head ADD COLUMN began INTEGER NOT NULL DEFAULT 0;    -- the number at which this epoch began
ALTER TABLE head ADD COLUMN backed_up_at TEXT NOT NULL DEFAULT '';

ALTER TABLE origin ADD COLUMN seal_key BLOB NOT NULL DEFAULT x'';-- X25519 secret; opens sealed actions

ALTER TABLE journal ADD COLUMN salt TEXT NOT NULL DEFAULT '';
ALTER TABLE journal ADD COLUMN commitment TEXT NOT NULL DEFAULT '';
ALTER TABLE journal ADD COLUMN remarks TEXT NOT NULL DEFAULT '[]';-- labels of an applied action, JSON
ALTER TABLE journal ADD COLUMN epoch INTEGER NOT NULL DEFAULT 0; -- of the verdict
ALTER TABLE journal ADD COLUMN leaf INTEGER NOT NULL DEFAULT 0;  -- of the verdict in that epoch's log
ALTER TABLE journal ADD COLUMN first TEXT NOT NULL DEFAULT '';   -- revision of the first verdict, where this one replays it
ALTER TABLE journal ADD COLUMN verdict_signature TEXT NOT NULL DEFAULT '';
CREATE INDEX journal_waiting ON journal (tenant, rule) WHERE rule = 'action.newer_app';

ALTER TABLE case_file ADD COLUMN epoch INTEGER NOT NULL DEFAULT 0; -- of its revision
UPDATE case_file SET epoch = (SELECT epoch FROM head WHERE head.tenant = case_file.tenant);
UPDATE journal SET epoch = (SELECT epoch FROM head WHERE head.tenant = journal.tenant);
CREATE INDEX case_scope ON case_file (tenant, agent, id, epoch, number);
CREATE INDEX case_by_number ON case_file (tenant, number);
CREATE INDEX departure_by_number ON departure (tenant, number);

ALTER TABLE device ADD COLUMN state TEXT NOT NULL DEFAULT 'active'; -- active, retired, lost
ALTER TABLE device ADD COLUMN state_at TEXT NOT NULL DEFAULT '';

CREATE TABLE log_leaf (
    tenant TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    leaf INTEGER NOT NULL,           -- gapless from 0 in each epoch
    statement TEXT NOT NULL,         -- what is hashed and signed, word for word
    signature TEXT NOT NULL,
    PRIMARY KEY (tenant, epoch, leaf)
) STRICT;

CREATE TABLE log_head (
    tenant TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    size INTEGER NOT NULL,
    root TEXT NOT NULL,              -- RFC 6962 tree hash, hex
    at TEXT NOT NULL,
    signature TEXT NOT NULL,
    PRIMARY KEY (tenant, epoch, size)
) STRICT;

CREATE TABLE custody (
    tenant TEXT NOT NULL,
    device TEXT NOT NULL,
    case_id TEXT NOT NULL,
    sent_at TEXT NOT NULL,           -- when the device was first sent it, since it last purged it
    purged_at TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (tenant, device, case_id)
) STRICT;

CREATE TABLE aside (
    tenant TEXT NOT NULL,
    device TEXT NOT NULL,
    incarnation TEXT NOT NULL,
    n INTEGER NOT NULL,
    link TEXT NOT NULL,
    envelope TEXT NOT NULL,          -- whole, as it came
    reason TEXT NOT NULL,            -- fork
    arrived_at TEXT NOT NULL,
    PRIMARY KEY (tenant, device, incarnation, n, link)
) STRICT;

CREATE TABLE alarm (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    device TEXT NOT NULL,
    person TEXT NOT NULL,
    kind TEXT NOT NULL,              -- panic, duress, red, check_in
    case_id TEXT NOT NULL DEFAULT '',
    recorded_at TEXT NOT NULL,       -- the device's wall clock
    arrived_at TEXT NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT;

CREATE TABLE newer_case (
    tenant TEXT NOT NULL,
    case_id TEXT NOT NULL,
    device TEXT NOT NULL,            -- which holds it at a revision that this server has lost
    epoch INTEGER NOT NULL,
    number INTEGER NOT NULL,
    told_at TEXT NOT NULL,
    PRIMARY KEY (tenant, case_id, device)
) STRICT;

CREATE TABLE policy_version (
    tenant TEXT NOT NULL,
    hash TEXT NOT NULL,
    doc TEXT NOT NULL,               -- the policies, JSON: old actions are judged by the version they name
    PRIMARY KEY (tenant, hash)
) STRICT;

CREATE TABLE household_visit (
    tenant TEXT NOT NULL,
    household TEXT NOT NULL,
    day TEXT NOT NULL,               -- where the household lives
    visit TEXT NOT NULL,
    case_id TEXT NOT NULL,
    PRIMARY KEY (tenant, household, day, visit)
) STRICT;

CREATE TABLE late_verdict (
    tenant TEXT NOT NULL,
    device TEXT NOT NULL,
    number INTEGER NOT NULL,         -- sent to a device whose cursor is before it
    action TEXT NOT NULL,            -- judged again: a newer server could read it at last
    PRIMARY KEY (tenant, device, number)
) STRICT;

CREATE TABLE upload (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,                -- follows from device and hash: a crash never starts twice
    device TEXT NOT NULL,
    hash TEXT NOT NULL,              -- SHA-256 of the plaintext, hex
    size INTEGER NOT NULL,
    received INTEGER NOT NULL,
    stored_at TEXT NOT NULL DEFAULT '', -- set only after the whole hash was verified
    PRIMARY KEY (tenant, id)
) STRICT;
CREATE INDEX upload_by_hash ON upload (tenant, hash);

CREATE TABLE upload_part (
    tenant TEXT NOT NULL,
    upload TEXT NOT NULL,
    at INTEGER NOT NULL,            -- where in the plaintext it begins
    size INTEGER NOT NULL,
    object TEXT NOT NULL,           -- its name in the object store, encrypted
    PRIMARY KEY (tenant, upload, at)
) STRICT;

CREATE TABLE attachment_key (
    tenant TEXT NOT NULL,
    key BLOB NOT NULL,               -- encrypts what is stored; lost with the tenant, never shared
    PRIMARY KEY (tenant)
) STRICT;
