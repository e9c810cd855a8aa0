-- What was merged (MG-9): whatever is or was filed for the absorbed account is the survivor's.

CREATE TABLE merged_accounts (
    absorbed_id uuid        PRIMARY KEY,
    survivor_id uuid        NOT NULL,
    merge_id    uuid        NOT NULL UNIQUE,
    applied_at  timestamptz NOT NULL,
    CHECK (survivor_id <> absorbed_id)
);
COMMENT ON TABLE merged_accounts IS 'Absorbed to survivor, for ever, flattened: no survivor here is absorbed itself.';
COMMENT ON COLUMN merged_accounts.merge_id IS 'A merge takes effect once, however often it is told.';
CREATE INDEX merged_accounts_by_survivor ON merged_accounts (survivor_id);
