-- Who is on call for alarms.

CREATE TABLE duty (
    tenant TEXT NOT NULL,
    n INTEGER NOT NULL,
    place TEXT NOT NULL,             -- first, backup
    person TEXT NOT NULL,
    from_ms INTEGER NOT NULL,
    until_ms INTEGER NOT NULL,       -- not after from_ms: it was taken back before it began
    phone TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (tenant, n)
);
