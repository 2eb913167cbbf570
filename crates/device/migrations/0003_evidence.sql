-- Photos and signatures until the server has them, whole and under their hash.
CREATE TABLE evidence (
    sha256 TEXT PRIMARY KEY,
    bytes  BLOB NOT NULL
) STRICT;
