-- Which addresses an account has verified is told to recovery (RC-2).

CREATE TABLE address_versions (
    id      uuid   PRIMARY KEY,
    version bigint NOT NULL CHECK (version >= 2)
);
COMMENT ON TABLE address_versions IS 'Of an account''s addresses, as they are told: one more with each change.';
COMMENT ON COLUMN address_versions.version IS 'Without a row it is 1: they are as they were before changes were told.';

CREATE VIEW address_holders AS
    SELECT id FROM address_versions
    UNION
    SELECT account_id FROM notification_addresses WHERE kind = 'email' AND verified_at IS NOT NULL;
COMMENT ON VIEW address_holders IS 'Accounts with a snapshot of their addresses, which may be of none.';
