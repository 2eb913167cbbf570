-- Policy packs that the organisation published, each version word for word.

CREATE TABLE pack (
    tenant TEXT COLLATE "C" NOT NULL,
    n BIGINT NOT NULL,               -- in the order of publication
    id TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    doc TEXT COLLATE "C" NOT NULL,   -- the file
    signature TEXT COLLATE "C" NOT NULL, -- of the file, as minisign writes it
    at TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant, n)
);
CREATE UNIQUE INDEX pack_by_version ON pack (tenant, id, version);

ALTER TABLE pack ENABLE ROW LEVEL SECURITY;
ALTER TABLE pack FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON pack USING (tenant = current_setting('doorstep.tenant', true));
