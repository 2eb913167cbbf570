-- The safety gate: permits for households, the watch over visits, and what became of alarms.

CREATE TABLE permit (
    tenant TEXT COLLATE "C" NOT NULL,
    case_id TEXT COLLATE "C" NOT NULL,
    household TEXT COLLATE "C" NOT NULL,
    day TEXT COLLATE "C" NOT NULL,               -- of the assignment
    agent TEXT COLLATE "C" NOT NULL,             -- for whom the household's contact of that day is reserved
    PRIMARY KEY (tenant, case_id)
);
CREATE INDEX permit_by_household ON permit (tenant, household, day);

CREATE TABLE watch (
    tenant TEXT COLLATE "C" NOT NULL,
    visit TEXT COLLATE "C" NOT NULL,
    case_id TEXT COLLATE "C" NOT NULL,
    device TEXT COLLATE "C" NOT NULL,
    agent TEXT COLLATE "C" NOT NULL,
    due_at BIGINT NOT NULL,         -- ms, by the server's clock; silence beyond it is the alarm
    rhythm BIGINT NOT NULL,         -- ms that a sign of life is good for
    alarm TEXT COLLATE "C" NOT NULL DEFAULT '',  -- the alarm that the silence raised
    PRIMARY KEY (tenant, visit)
);
CREATE INDEX watch_by_due ON watch (tenant, due_at) WHERE alarm = '';

CREATE TABLE alarm_step (
    tenant TEXT COLLATE "C" NOT NULL,
    alarm TEXT COLLATE "C" NOT NULL,
    step BIGINT NOT NULL,           -- in order
    at TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,              -- raised, delivered, failed, acknowledged, closed
    person TEXT COLLATE "C" NOT NULL DEFAULT '', -- who acknowledged or closed it
    note TEXT COLLATE "C" NOT NULL DEFAULT '',
    PRIMARY KEY (tenant, alarm, step)
);

CREATE TABLE delivery (
    tenant TEXT COLLATE "C" NOT NULL,
    alarm TEXT COLLATE "C" NOT NULL,
    channel TEXT COLLATE "C" NOT NULL,           -- which webhook or mailbox, by its place in the settings
    attempts BIGINT NOT NULL DEFAULT 0,
    next_at BIGINT NOT NULL,        -- ms
    delivered_at TEXT COLLATE "C" NOT NULL DEFAULT '',
    PRIMARY KEY (tenant, alarm, channel)
);
CREATE INDEX delivery_waiting ON delivery (tenant, next_at) WHERE delivered_at = '';

CREATE TABLE lift (
    tenant TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    agent TEXT COLLATE "C" NOT NULL,
    case_id TEXT COLLATE "C" NOT NULL,
    day TEXT COLLATE "C" NOT NULL,
    question TEXT COLLATE "C" NOT NULL,           -- as the agent read it out
    rules TEXT COLLATE "C" NOT NULL,              -- JSON
    reason TEXT COLLATE "C" NOT NULL,
    lead TEXT COLLATE "C" NOT NULL,
    at TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant, id)
);

ALTER TABLE permit ENABLE ROW LEVEL SECURITY;
ALTER TABLE permit FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON permit USING (tenant = current_setting('doorstep.tenant', true));
ALTER TABLE watch ENABLE ROW LEVEL SECURITY;
ALTER TABLE watch FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON watch USING (tenant = current_setting('doorstep.tenant', true));
ALTER TABLE alarm_step ENABLE ROW LEVEL SECURITY;
ALTER TABLE alarm_step FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON alarm_step USING (tenant = current_setting('doorstep.tenant', true));
ALTER TABLE delivery ENABLE ROW LEVEL SECURITY;
ALTER TABLE delivery FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON delivery USING (tenant = current_setting('doorstep.tenant', true));
ALTER TABLE lift ENABLE ROW LEVEL SECURITY;
ALTER TABLE lift FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON lift USING (tenant = current_setting('doorstep.tenant', true));
