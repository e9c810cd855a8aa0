-- "This was not me": an account that its holder froze has no password, and after the thaw only its
-- practice's token sets one (RC-9). An address that was replaced is put back as it was written.

ALTER TABLE accounts
    ALTER COLUMN password_hash DROP NOT NULL,
    ADD COLUMN reset_by_practice boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN accounts.password_hash IS 'Names its scheme and cost (ID-5). Null: void since a freeze, so that nothing typed is right (RC-9).';
COMMENT ON COLUMN accounts.reset_by_practice IS 'RC-9: since a freeze only a practice''s token sets a password (RC-5); the next password takes it back.';

ALTER TABLE log_on_names ADD COLUMN address text;
COMMENT ON COLUMN log_on_names.address IS 'Of an account e-mail that was replaced, while it is reserved: as it was written, for a freeze to put it back (ID-6, RC-9).';

ALTER TABLE sessions
    DROP CONSTRAINT sessions_ended_by_check,
    ADD CONSTRAINT sessions_ended_by_check CHECK (ended_by IN (
        'holder', 'password-reset', 'password-change', 'email-change', 'refresh-reuse', 'merged',
        'un-enrolled', 'terms-declined', 'second-step', 'second-step-failed', 'two-step-change',
        'two-step-reset', 'revoked', 'too-many', 'device-revoked', 'frozen'
    ));
COMMENT ON COLUMN sessions.ended_by IS 'holder: one''s own verb; password-reset, password-change, two-step-reset, frozen: with every other; email-change, two-step-change: all but the one that did it; refresh-reuse: a used refresh token came back; merged: of the absorbed account all, of the survivor all but the one that asked; un-enrolled: the last practice went; terms-declined: the terms were; second-step: a full one took its place; second-step-failed: five wrong codes; revoked: by its refresh token; too-many: a fifty-first began; device-revoked: with its device.';
