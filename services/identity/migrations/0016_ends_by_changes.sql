-- Sessions end when their holder changes her password or her account e-mail (SE-1, ID-6, ID-7).

ALTER TABLE sessions DROP CONSTRAINT sessions_ended_by_check;
ALTER TABLE sessions ADD CONSTRAINT sessions_ended_by_check CHECK (
    ended_by IN (
        'holder', 'password-reset', 'password-change', 'email-change', 'refresh-reuse', 'merged',
        'un-enrolled', 'terms-declined'
    )
);
COMMENT ON COLUMN sessions.ended_by IS 'holder: one''s own verb; password-reset, password-change: with every other; email-change: all but the one that verified; refresh-reuse: a used refresh token came back; merged: of the absorbed account all, of the survivor all but the one that asked; un-enrolled: the last practice went; terms-declined: the terms were.';
