-- What a session may do, and when a password was given for it (SE-3, SE-4): tokens say both.

ALTER TABLE sessions
    ADD COLUMN scope text NOT NULL DEFAULT 'full' CHECK (scope IN ('full', 'gates', 'settings')),
    ADD COLUMN auth_time timestamptz;
UPDATE sessions SET auth_time = started_at;
ALTER TABLE sessions
    ALTER COLUMN scope DROP DEFAULT,
    ALTER COLUMN auth_time SET NOT NULL;
COMMENT ON COLUMN sessions.scope IS
    'SE-4: full, gates (LG-3: a required one is open) or settings (UN-4: no practice is left).';
COMMENT ON COLUMN sessions.auth_time IS
    'When a password, or a reset, opened it: so long it vouches for its holder (SE-3).';
