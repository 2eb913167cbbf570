-- Policy packs that the organisation published, each version word for word.

CREATE TABLE pack (
    tenant TEXT NOT NULL,
    n INTEGER NOT NULL,              -- in the order of publication
    id TEXT NOT NULL,
    version INTEGER NOT NULL,
    doc TEXT NOT NULL,               -- the file
    signature TEXT NOT NULL,         -- of the file, as minisign writes it
    at TEXT NOT NULL,
    PRIMARY KEY (tenant, n)
);
CREATE UNIQUE INDEX pack_by_version ON pack (tenant, id, version);
