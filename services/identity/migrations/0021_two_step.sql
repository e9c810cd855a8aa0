-- Two-step verification: an app's codes, recovery codes, and the gate that a session stands at until
-- one was given (MF-1, MF-3, MF-4, LG-3).

CREATE TABLE two_steps (
    account_id      uuid        PRIMARY KEY REFERENCES accounts (id),
    on_since        timestamptz,
    app_sealed      bytea,
    last_step       bigint      NOT NULL DEFAULT 0,
    pending_sealed  bytea,
    pending_session uuid,
    pending_until   timestamptz,
    codes_salt      bytea,
    codes_pepper    text,
    locked_until    timestamptz,
    CHECK ((on_since IS NULL) = (app_sealed IS NULL)),
    CHECK ((pending_sealed IS NULL) = (pending_session IS NULL)),
    CHECK ((pending_sealed IS NULL) = (pending_until IS NULL)),
    CHECK ((codes_salt IS NULL) = (codes_pepper IS NULL))
) WITH (fillfactor = 80);
COMMENT ON TABLE two_steps IS 'MF-1: who has two-step on, and who is setting it up. A row goes with it.';
COMMENT ON COLUMN two_steps.app_sealed IS 'The app''s secret under the key-encryption key, bound to the account.';
COMMENT ON COLUMN two_steps.last_step IS 'The last step whose code was taken: only later ones are, so none is taken twice.';
COMMENT ON COLUMN two_steps.pending_sealed IS 'Of an app that has not shown a good code yet; it replaces the other one with its first.';
COMMENT ON COLUMN two_steps.pending_session IS 'The session that re-authenticated for it: no other goes on with it.';
COMMENT ON COLUMN two_steps.codes_salt IS 'MF-4: of the whole set of recovery codes, so that a try costs one slow hash.';
COMMENT ON COLUMN two_steps.codes_pepper IS 'The name of the pepper that the set was hashed under.';
COMMENT ON COLUMN two_steps.locked_until IS 'MF-3: until then no code is taken, and right and wrong are told alike.';

CREATE TABLE recovery_codes (
    account_id uuid        NOT NULL REFERENCES two_steps (account_id) ON DELETE CASCADE,
    hash       text        COLLATE "C" NOT NULL,
    used_at    timestamptz,
    PRIMARY KEY (account_id, hash)
);
COMMENT ON TABLE recovery_codes IS 'MF-4: ten a set, each good once.';

ALTER TABLE sessions
    ADD COLUMN second_step_due boolean  NOT NULL DEFAULT false,
    ADD COLUMN wrong_codes     smallint NOT NULL DEFAULT 0,
    DROP CONSTRAINT sessions_ended_by_check,
    ADD CONSTRAINT sessions_ended_by_check CHECK (ended_by IN (
        'holder', 'password-reset', 'password-change', 'email-change', 'refresh-reuse', 'merged',
        'un-enrolled', 'terms-declined', 'second-step', 'second-step-failed', 'two-step-change',
        'two-step-reset'
    ));
COMMENT ON COLUMN sessions.second_step_due IS
    'It began by a password alone where two-step is on: until a code is given its scope is gates (LG-3).';
COMMENT ON COLUMN sessions.wrong_codes IS 'MF-3: the fifth ends it.';
COMMENT ON COLUMN sessions.ended_by IS 'holder: one''s own verb; password-reset, password-change, two-step-reset: with every other; email-change, two-step-change: all but the one that did it; refresh-reuse: a used refresh token came back; merged: of the absorbed account all, of the survivor all but the one that asked; un-enrolled: the last practice went; terms-declined: the terms were; second-step: a full one took its place; second-step-failed: five wrong codes.';
