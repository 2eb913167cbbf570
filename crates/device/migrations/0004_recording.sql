-- What has been heard of a recording that runs, piece by piece: a crash loses seconds, not the talk.
CREATE TABLE recording_piece (
    n       INTEGER PRIMARY KEY,
    case_id TEXT NOT NULL,
    bytes   BLOB NOT NULL
) STRICT;
