-- What a session is known by in its holder's list, and the end of the fifty-first (SE-1).

ALTER TABLE sessions
    ADD COLUMN device_name text   CHECK (char_length(device_name) BETWEEN 1 AND 200),
    ADD COLUMN agent       text   CHECK (char_length(agent) BETWEEN 1 AND 200),
    ADD COLUMN network     text,
    ADD COLUMN begun_by    text[] NOT NULL DEFAULT '{}' CHECK (begun_by <@ ARRAY[
        'password', 'password-reset', 'password-change', 'app', 'recovery-code'
    ]),
    DROP CONSTRAINT sessions_ended_by_check,
    ADD CONSTRAINT sessions_ended_by_check CHECK (ended_by IN (
        'holder', 'password-reset', 'password-change', 'email-change', 'refresh-reuse', 'merged',
        'un-enrolled', 'terms-declined', 'second-step', 'second-step-failed', 'two-step-change',
        'two-step-reset', 'revoked', 'too-many'
    ));
COMMENT ON COLUMN sessions.device_name IS 'As its client named the device: shown to the holder, never believed.';
COMMENT ON COLUMN sessions.agent IS 'As its client called itself: likewise.';
COMMENT ON COLUMN sessions.network IS 'Where it began: an IPv4 /24 or an IPv6 /48. Null: nowhere that has an address.';
COMMENT ON COLUMN sessions.begun_by IS 'What it began by, in the order it was given. Empty: of before that was kept.';
COMMENT ON COLUMN sessions.ended_by IS 'holder: one''s own verb; password-reset, password-change, two-step-reset: with every other; email-change, two-step-change: all but the one that did it; refresh-reuse: a used refresh token came back; merged: of the absorbed account all, of the survivor all but the one that asked; un-enrolled: the last practice went; terms-declined: the terms were; second-step: a full one took its place; second-step-failed: five wrong codes; revoked: by its refresh token; too-many: a fifty-first began.';
