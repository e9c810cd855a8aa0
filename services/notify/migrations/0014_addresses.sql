-- Addresses of an account beside its account e-mail, for practice communications (NT-2).

CREATE TABLE notification_addresses (
    id          uuid        PRIMARY KEY,
    account_id  uuid        NOT NULL,
    kind        text        NOT NULL CHECK (kind IN ('email')),
    address     text        NOT NULL,
    key         text        COLLATE "C" NOT NULL,
    added_at    timestamptz NOT NULL,
    verified_at timestamptz
);
COMMENT ON TABLE notification_addresses IS 'NT-2: five an account at most and each once, judged under its row; a merge may bring more. Other accounts may have the same ones.';
COMMENT ON COLUMN notification_addresses.key IS 'The form under which spellings are one (ID-4).';
COMMENT ON COLUMN notification_addresses.verified_at IS 'Null: the mailed link was not opened yet, and nothing else is mailed there.';
CREATE INDEX notification_addresses_by_account ON notification_addresses (account_id);
