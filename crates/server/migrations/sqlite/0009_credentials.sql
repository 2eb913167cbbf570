-- How many of the leads' devices were lost: for the company, and as each device was last told.
ALTER TABLE head ADD COLUMN leads_lost INTEGER NOT NULL DEFAULT 0;
ALTER TABLE device ADD COLUMN leads_lost INTEGER NOT NULL DEFAULT 0;
-- The token that the present one took the place of: worth nothing but another one, until this is heard.
ALTER TABLE device ADD COLUMN previous_token_hash TEXT NOT NULL DEFAULT '';
CREATE INDEX device_by_previous_token ON device (tenant, previous_token_hash)
    WHERE previous_token_hash <> '';
