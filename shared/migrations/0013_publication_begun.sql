-- When a publication of snapshots began: who goes on with one that was left is told (ST-3).

ALTER TABLE publications ADD COLUMN begun_at timestamptz;
COMMENT ON COLUMN publications.begun_at IS 'When it began at the first subject; NULL: by a release that did not say.';
