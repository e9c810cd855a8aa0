-- Of a record without an account nothing is read but that it is its practice's (RC-5), so nothing else is kept.

ALTER TABLE persons
    ALTER COLUMN last_name DROP NOT NULL,
    ALTER COLUMN first_name DROP NOT NULL,
    ALTER COLUMN birth_date DROP NOT NULL;
UPDATE persons SET last_name = NULL, first_name = NULL, birth_date = NULL, home_phone = NULL, address = NULL
WHERE account_id IS NULL;

COMMENT ON COLUMN persons.account_id IS 'As identity told it; one absorbed since is read through merges. Null: nobody matches her, so who she is is not kept.';
