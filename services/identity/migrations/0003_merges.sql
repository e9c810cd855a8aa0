-- Merges of accounts, and two more ways for a session to end. Every instant comes from the
-- application's clock.

ALTER TABLE sessions DROP CONSTRAINT sessions_ended_by_check;
ALTER TABLE sessions ADD CONSTRAINT sessions_ended_by_check CHECK (
    ended_by IN ('holder', 'password-reset', 'refresh-reuse', 'merged', 'un-enrolled')
);
COMMENT ON COLUMN sessions.ended_by IS 'holder: one''s own verb; password-reset: with every other; refresh-reuse: a used refresh token came back; merged: of the absorbed account all, of the survivor all but the one that asked; un-enrolled: the last practice went.';

ALTER TABLE accounts ADD COLUMN merged_into uuid REFERENCES accounts (id);
ALTER TABLE accounts ADD CHECK ((state = 'merged') = (merged_into IS NOT NULL));
ALTER TABLE accounts ADD CHECK (merged_into <> id);
COMMENT ON COLUMN accounts.merged_into IS 'MG-5: the account that goes on, for ever; never one that is merged itself, however long the chain.';
CREATE INDEX accounts_merged_into ON accounts (merged_into) WHERE merged_into IS NOT NULL;

ALTER TABLE log_on_names ADD COLUMN absorbed_id uuid REFERENCES accounts (id);
ALTER TABLE log_on_names ADD CHECK ((kind = 'merged') = (absorbed_id IS NOT NULL));
COMMENT ON COLUMN log_on_names.absorbed_id IS 'Of a merged name: the account it was of, whose password it is still compared with (MG-5). The name itself is the survivor''s.';
COMMENT ON COLUMN log_on_names.kind IS 'reserved names log nobody on, merged ones only say which account goes on; both count as their holder''s.';

CREATE TABLE merges (
    id          uuid        PRIMARY KEY,
    survivor_id uuid        NOT NULL REFERENCES accounts (id),
    absorbed_id uuid        NOT NULL REFERENCES accounts (id),
    refusal     text,
    decided_at  timestamptz NOT NULL
);
COMMENT ON TABLE merges IS 'MG-9: what was decided of each requested merge, for ever: asked again, nothing happens and nothing is told.';
COMMENT ON COLUMN merges.refusal IS 'Null: the accounts were merged. Else the code of merge-rejected.';
