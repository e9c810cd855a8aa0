-- Nothing reads these, an account's verified e-mail among them: written no more, and a later release
-- drops them.
ALTER TABLE accounts ALTER COLUMN locale DROP NOT NULL;
UPDATE accounts SET email = NULL, locale = NULL;
ALTER TABLE practices
    ALTER COLUMN contact DROP NOT NULL,
    ALTER COLUMN locale DROP NOT NULL,
    ALTER COLUMN time_zone DROP NOT NULL;
UPDATE practices SET contact = NULL, locale = NULL, time_zone = NULL;
COMMENT ON COLUMN accounts.email IS 'Nothing writes or reads it any more.';
