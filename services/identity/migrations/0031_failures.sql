-- SE-2: what failed before a log-on is counted on its account, so that whichever log-on is next tells it.

ALTER TABLE accounts ADD COLUMN failures smallint NOT NULL DEFAULT 0;
COMMENT ON COLUMN accounts.failures IS 'SE-2: wrong passwords before those log-ons that still wait for a second step, and wrong codes there, since the last full one; counted to 100.';
COMMENT ON COLUMN sessions.failures IS 'Of the release before: no longer read or written.';
