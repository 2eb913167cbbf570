-- How the epochs follow from one another: a restored backup may be older than the last restore.

ALTER TABLE head ADD COLUMN lineage TEXT NOT NULL DEFAULT '{}'; -- epoch -> from, began; JSON
ALTER TABLE head DROP COLUMN began;
