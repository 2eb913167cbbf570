-- Who is on call for alarms.

CREATE TABLE duty (
    tenant TEXT COLLATE "C" NOT NULL,
    n BIGINT NOT NULL,
    place TEXT COLLATE "C" NOT NULL, -- first, backup
    person TEXT COLLATE "C" NOT NULL,
    from_ms BIGINT NOT NULL,
    until_ms BIGINT NOT NULL,        -- not after from_ms: it was taken back before it began
    phone TEXT COLLATE "C" NOT NULL DEFAULT '',
    PRIMARY KEY (tenant, n)
);

ALTER TABLE duty ENABLE ROW LEVEL SECURITY;
ALTER TABLE duty FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON duty USING (tenant = current_setting('doorstep.tenant', true));
