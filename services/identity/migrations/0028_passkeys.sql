-- Passkeys: a key of an account's own, beside the password (MF-5 … MF-10).

ALTER TABLE accounts ADD COLUMN user_handle bytea CHECK (octet_length(user_handle) = 64);
COMMENT ON COLUMN accounts.user_handle IS
    'MF-5: what authenticators know the account by, random and never its id. Null: no passkey was made yet.';
CREATE UNIQUE INDEX accounts_by_user_handle ON accounts (user_handle);

CREATE TABLE passkeys (
    id            uuid        PRIMARY KEY,
    account_id    uuid        NOT NULL REFERENCES accounts (id),
    credential_id bytea       NOT NULL UNIQUE CHECK (octet_length(credential_id) BETWEEN 1 AND 1023),
    rp_id         text        NOT NULL,
    public_key    bytea       NOT NULL,
    name          text        COLLATE "C" NOT NULL CHECK (char_length(name) BETWEEN 1 AND 60),
    made_at       timestamptz NOT NULL,
    used_at       timestamptz,
    counter       bigint      NOT NULL CHECK (counter BETWEEN 0 AND 4294967295),
    synced        boolean     NOT NULL,
    backed_up     boolean     NOT NULL,
    suspended_at  timestamptz,
    ended_at      timestamptz,
    ended_by      text        CHECK (ended_by IN ('holder', 'frozen', 'two-step-reset', 'merged')),
    CHECK ((ended_at IS NULL) = (ended_by IS NULL))
) WITH (fillfactor = 80);
COMMENT ON TABLE passkeys IS 'MF-5: a row for each that was ever made. One that has ended stays, so that its credential id is nobody else''s.';
COMMENT ON COLUMN passkeys.rp_id IS 'The RP id that it was made for: it answers to no other.';
COMMENT ON COLUMN passkeys.public_key IS 'In COSE, as its authenticator told it.';
COMMENT ON COLUMN passkeys.counter IS 'MF-6: as the last answer had it. Compared where the key was never seen synced.';
COMMENT ON COLUMN passkeys.synced IS 'MF-6: an answer had its bit BE on; one that may be on several devices counts as synced from then on.';
COMMENT ON COLUMN passkeys.backed_up IS 'As the last answer had its bit BS.';
COMMENT ON COLUMN passkeys.suspended_at IS 'MF-10: a completed reset; until it is kept it is the second step of the session after a reset, and nothing else.';
COMMENT ON COLUMN passkeys.ended_by IS 'holder: one''s own verb; frozen, two-step-reset: with every other; merged: its account is part of another one, which its right answer is told.';
CREATE UNIQUE INDEX passkeys_by_name ON passkeys (account_id, name) WHERE ended_at IS NULL;

CREATE TABLE spent_ceremonies (
    id         uuid        PRIMARY KEY,
    expires_at timestamptz NOT NULL
);
COMMENT ON TABLE spent_ceremonies IS 'MF-6: options that were answered, right or wrong: of parallel answers one is looked at.';
CREATE INDEX spent_ceremonies_over ON spent_ceremonies (expires_at);

ALTER TABLE two_steps
    DROP CONSTRAINT two_steps_check,
    ADD CONSTRAINT two_steps_app_only_while_on CHECK (app_sealed IS NULL OR on_since IS NOT NULL);
COMMENT ON COLUMN two_steps.app_sealed IS 'The app''s secret under the key-encryption key, bound to the account. Null while it is on: by passkeys alone (MF-8).';

ALTER TABLE sessions
    ADD COLUMN passkey_id uuid,
    DROP CONSTRAINT sessions_begun_by_check,
    ADD CONSTRAINT sessions_begun_by_check CHECK (begun_by <@ ARRAY[
        'password', 'password-reset', 'password-change', 'app', 'recovery-code', 'passkey'
    ]),
    DROP CONSTRAINT sessions_ended_by_check,
    ADD CONSTRAINT sessions_ended_by_check CHECK (ended_by IN (
        'holder', 'password-reset', 'password-change', 'email-change', 'refresh-reuse', 'merged',
        'un-enrolled', 'terms-declined', 'second-step', 'second-step-failed', 'two-step-change',
        'two-step-reset', 'frozen', 'revoked', 'too-many', 'device-revoked', 'passkey-removed'
    ));
COMMENT ON COLUMN sessions.passkey_id IS 'MF-9: the passkey that it began with, alone or as the second step.';
COMMENT ON COLUMN sessions.ended_by IS 'holder: one''s own verb; password-reset, password-change, two-step-reset, frozen: with every other; email-change, two-step-change: all but the one that did it; refresh-reuse: a used refresh token came back; merged: of the absorbed account all, of the survivor all but the one that asked; un-enrolled: the last practice went; terms-declined: the terms were; second-step: a full one took its place; second-step-failed: five wrong codes; revoked: by its refresh token; too-many: a fifty-first began; device-revoked, passkey-removed: with its device or passkey, but the one that did it.';
