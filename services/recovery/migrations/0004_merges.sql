-- MG-9: accounts that became another one, and links that went with them.

CREATE TABLE merges (
    absorbed_id uuid        PRIMARY KEY,
    survivor_id uuid        NOT NULL CHECK (survivor_id <> absorbed_id),
    merge_id    uuid        NOT NULL UNIQUE,
    merged_at   timestamptz NOT NULL
);
COMMENT ON TABLE merges IS 'Kept for ever: whatever still arrives for an absorbed account is read through this.';
COMMENT ON COLUMN merges.survivor_id IS 'Never absorbed itself: when a survivor is, its rows move on with it (flattened).';
COMMENT ON COLUMN merges.merge_id IS 'A merge is applied once, whatever the inbox has forgotten.';
CREATE INDEX merges_survivor ON merges (survivor_id);

ALTER TABLE links
    DROP CONSTRAINT links_state_check,
    ADD CONSTRAINT links_state_check CHECK (state IN ('live', 'superseded', 'used', 'void'));
COMMENT ON COLUMN links.state IS 'live until a newer link supersedes it, identity accepted a password set by it, or its account was absorbed (void); a live one past expires_at is expired.';
COMMENT ON COLUMN persons.account_id IS 'As identity told it; one absorbed since is read through merges.';
