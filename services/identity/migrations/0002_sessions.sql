-- Locks, sessions and refresh tokens. Every instant comes from the application's clock.

CREATE TABLE lockouts (
    key          bytea       PRIMARY KEY CHECK (length(key) = 32),
    account_id   uuid,
    failures     integer     NOT NULL CHECK (failures >= 0),
    locked_until timestamptz,
    told         boolean     NOT NULL,
    notice_due   boolean     NOT NULL DEFAULT false,
    notices      timestamptz[] NOT NULL DEFAULT '{}',
    counted_at   timestamptz NOT NULL,
    CHECK (NOT notice_due OR locked_until IS NOT NULL)
) WITH (fillfactor = 70);
COMMENT ON TABLE lockouts IS 'LG-2: wrong passwords in a row, and the lock. One statement counts an outcome and decides whether it may be told.';
COMMENT ON COLUMN lockouts.key IS 'Keyed digest of the account''s id, or of the name_key that no account has: the same steps for both.';
COMMENT ON COLUMN lockouts.account_id IS 'Null for an unknown name. No foreign key: its check would be a step that only a known name takes.';
COMMENT ON COLUMN lockouts.failures IS 'In a row; stands still while locked; a lock that is over counts as none.';
COMMENT ON COLUMN lockouts.locked_until IS 'End of the last lock; locked while it is later than now.';
COMMENT ON COLUMN lockouts.told IS 'Whether the outcome counted last may be told: not while locked. Set and returned by the same statement.';
COMMENT ON COLUMN lockouts.notice_due IS 'A lock began whose holder is yet to be told; the loop takes it back.';
COMMENT ON COLUMN lockouts.notices IS 'When the holder was told, of the last day: at most 3 a day.';
COMMENT ON COLUMN lockouts.counted_at IS 'Unknown names are swept a day after it.';
CREATE INDEX lockouts_notice_due ON lockouts (key) WHERE notice_due;
CREATE INDEX lockouts_unknown ON lockouts USING brin (counted_at) WHERE account_id IS NULL;

CREATE TABLE sessions (
    id           uuid        PRIMARY KEY,
    account_id   uuid        NOT NULL REFERENCES accounts (id),
    started_at   timestamptz NOT NULL,
    refreshed_at timestamptz NOT NULL,
    idle_until   timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    ended_at     timestamptz,
    ended_by     text        CHECK (ended_by IN ('holder', 'password-reset', 'refresh-reuse')),
    CHECK ((ended_at IS NULL) = (ended_by IS NULL)),
    CHECK (idle_until <= expires_at)
) WITH (fillfactor = 80);
COMMENT ON TABLE sessions IS 'SE-1: live until ended, idle or expired; identity''s verbs and introspection ask this table.';
COMMENT ON COLUMN sessions.refreshed_at IS 'The last refresh, or the start.';
COMMENT ON COLUMN sessions.idle_until IS 'Set forward by each refresh, never past expires_at.';
COMMENT ON COLUMN sessions.ended_by IS 'holder: one''s own verb; password-reset: with every other; refresh-reuse: a used refresh token came back.';
CREATE INDEX sessions_live ON sessions (account_id) WHERE ended_at IS NULL;
CREATE INDEX sessions_expiry ON sessions (expires_at);

CREATE TABLE refresh_tokens (
    digest           bytea       PRIMARY KEY CHECK (length(digest) = 32),
    session_id       uuid        NOT NULL REFERENCES sessions (id),
    issued_at        timestamptz NOT NULL,
    used_at          timestamptz,
    successor_sealed bytea,
    CHECK ((used_at IS NULL) = (successor_sealed IS NULL))
) WITH (fillfactor = 80);
COMMENT ON TABLE refresh_tokens IS 'SE-1: each is used once; a used one is kept while its session is, to notice its reuse.';
COMMENT ON COLUMN refresh_tokens.digest IS 'Keyed digest; the token itself is only in the reply.';
COMMENT ON COLUMN refresh_tokens.successor_sealed IS 'The token that replaced it, encrypted under a key derived from this one: only who holds this one gets it, for 30 s.';
CREATE INDEX refresh_tokens_session ON refresh_tokens (session_id);
