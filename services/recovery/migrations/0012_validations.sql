-- RC-6: a password by once-only validation.

ALTER TABLE accounts ADD COLUMN validated boolean NOT NULL DEFAULT false;
-- Phone and address are read of whoever has an account, and so kept of nobody else.
UPDATE persons SET home_phone = NULL, address = NULL WHERE account_id IS NULL;

COMMENT ON COLUMN accounts.validated IS 'As identity says in its snapshot: its one validation was used.';

CREATE TABLE validation_rounds (
    id          uuid        PRIMARY KEY REFERENCES one_time_secrets (id) ON DELETE CASCADE,
    owner       uuid        NOT NULL,
    account_id  uuid,
    place       smallint    CHECK (place >= 0),
    choice      smallint,
    answered_at timestamptz,
    passed      boolean,
    CHECK (num_nulls(choice, answered_at, passed) IN (0, 3)),
    CHECK (NOT passed OR choice = place)
);
CREATE INDEX validation_rounds_owner ON validation_rounds (owner) WHERE place IS NOT NULL;
COMMENT ON TABLE validation_rounds IS 'Which of four addresses is the true one, and which was picked; gone with its secret, a day past its end.';
COMMENT ON COLUMN validation_rounds.owner IS 'Whose rounds count together: the account, or what stands for a name that is nobody''s.';
COMMENT ON COLUMN validation_rounds.account_id IS 'For the audit; null where the name is nobody''s.';
COMMENT ON COLUMN validation_rounds.place IS 'Null where the fields were wrong, or no round was left: then none is right.';
COMMENT ON COLUMN validation_rounds.choice IS 'As place; one past the last: none of these.';
