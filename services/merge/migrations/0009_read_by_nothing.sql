-- Nothing reads these: written no more, but for an e-mail that a replica of the release before may
-- still write, which the next snapshot takes away. A later release drops them.
UPDATE accounts SET email = NULL WHERE email IS NOT NULL;
ALTER TABLE accounts ALTER COLUMN locale DROP NOT NULL;
ALTER TABLE practices
    ALTER COLUMN contact DROP NOT NULL,
    ALTER COLUMN locale DROP NOT NULL,
    ALTER COLUMN time_zone DROP NOT NULL;
COMMENT ON COLUMN accounts.email IS 'Nothing reads it any more, and what is written is none.';
