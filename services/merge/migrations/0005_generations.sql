-- Which rebuild of its projection a row was heard in (ST-3).

ALTER TABLE accounts ADD COLUMN generation bigint NOT NULL DEFAULT 0;
ALTER TABLE persons ADD COLUMN generation bigint NOT NULL DEFAULT 0;
ALTER TABLE practices ADD COLUMN generation bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN accounts.generation IS 'Of rebuilds when the snapshot was kept; a snapshot as new replaces it where it is older.';
COMMENT ON COLUMN persons.generation IS 'As in accounts.';
COMMENT ON COLUMN practices.generation IS 'As in accounts.';
