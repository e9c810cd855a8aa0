-- After a freeze only a practice's token sets a password: no link is mailed (RC-9).

ALTER TABLE accounts ADD COLUMN reset_by_practice boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN accounts.reset_by_practice IS 'As identity says in its snapshot.';
