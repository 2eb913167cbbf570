-- The safety gate: permits for households, the watch over visits, and what became of alarms.

CREATE TABLE permit (
    tenant TEXT NOT NULL,
    case_id TEXT NOT NULL,
    household TEXT NOT NULL,
    day TEXT NOT NULL,               -- of the assignment
    agent TEXT NOT NULL,             -- for whom the household's contact of that day is reserved
    PRIMARY KEY (tenant, case_id)
);
CREATE INDEX permit_by_household ON permit (tenant, household, day);

CREATE TABLE watch (
    tenant TEXT NOT NULL,
    visit TEXT NOT NULL,
    case_id TEXT NOT NULL,
    device TEXT NOT NULL,
    agent TEXT NOT NULL,
    due_at INTEGER NOT NULL,         -- ms, by the server's clock; silence beyond it is the alarm
    rhythm INTEGER NOT NULL,         -- ms that a sign of life is good for
    alarm TEXT NOT NULL DEFAULT '',  -- the alarm that the silence raised
    PRIMARY KEY (tenant, visit)
);
CREATE INDEX watch_by_due ON watch (tenant, due_at) WHERE alarm = '';

CREATE TABLE alarm_step (
    tenant TEXT NOT NULL,
    alarm TEXT NOT NULL,
    step INTEGER NOT NULL,           -- in order
    at TEXT NOT NULL,
    kind TEXT NOT NULL,              -- raised, delivered, failed, acknowledged, closed
    person TEXT NOT NULL DEFAULT '', -- who acknowledged or closed it
    note TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (tenant, alarm, step)
);

CREATE TABLE delivery (
    tenant TEXT NOT NULL,
    alarm TEXT NOT NULL,
    channel TEXT NOT NULL,           -- which webhook or mailbox, by its place in the settings
    attempts INTEGER NOT NULL DEFAULT 0,
    next_at INTEGER NOT NULL,        -- ms
    delivered_at TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (tenant, alarm, channel)
);
CREATE INDEX delivery_waiting ON delivery (tenant, next_at) WHERE delivered_at = '';

CREATE TABLE lift (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    agent TEXT NOT NULL,
    case_id TEXT NOT NULL,
    day TEXT NOT NULL,
    question TEXT NOT NULL,           -- as the agent read it out
    rules TEXT NOT NULL,              -- JSON
    reason TEXT NOT NULL,
    lead TEXT NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (tenant, id)
);
