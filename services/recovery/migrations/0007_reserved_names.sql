-- A reserved name means its holder here (ID-2), though it logs nobody on.

ALTER TABLE accounts
    ADD COLUMN reserved         text[]  NOT NULL DEFAULT '{}',
    ADD COLUMN reserved_digests bytea[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN accounts.reserved IS 'ID-2: names that were given up and are still nobody else''s, in the form that is compared.';
CREATE INDEX accounts_reserved ON accounts USING gin (reserved_digests) WHERE reserved_digests <> '{}';
