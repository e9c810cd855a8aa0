-- One-time secrets once, limits once: what a service mails or shows and takes back a single time, and
-- what may happen so often in a window. The same in every service; rows of tables that a service had
-- of its own for either are moved by its own migration.

CREATE TABLE one_time_secrets (
    id               uuid        PRIMARY KEY,
    purpose          text        COLLATE "C" NOT NULL,
    digest           bytea       NOT NULL UNIQUE CHECK (length(digest) = 32),
    owner            uuid        NOT NULL,
    sent_to          text,
    security_version bigint,
    state            text        NOT NULL
        CHECK (state IN ('live', 'used', 'superseded', 'void', 'withheld')),
    tries            jsonb       NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(tries) = 'object'),
    issued_at        timestamptz NOT NULL,
    expires_at       timestamptz NOT NULL CHECK (expires_at > issued_at),
    kept_until       timestamptz NOT NULL CHECK (kept_until >= expires_at),
    ended_at         timestamptz,
    CHECK ((state = 'live') = (ended_at IS NULL))
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX one_time_secrets_one_live ON one_time_secrets (purpose, owner)
    WHERE state = 'live';
CREATE INDEX one_time_secrets_issued ON one_time_secrets (owner, purpose, issued_at);
CREATE INDEX one_time_secrets_over ON one_time_secrets (kept_until);
COMMENT ON TABLE one_time_secrets IS 'Links and tokens: at most one live one a purpose and owner, known by its digest alone. Swept past kept_until.';
COMMENT ON COLUMN one_time_secrets.id IS 'Never a secret; the jti of every grant that the secret brings, so that one of them can be spent.';
COMMENT ON COLUMN one_time_secrets.purpose IS 'A Purpose of the code, which says how it is written, how long it lives at most and what voids it.';
COMMENT ON COLUMN one_time_secrets.digest IS 'Keyed digest under the purpose''s domain; the secret left once, shown or sealed.';
COMMENT ON COLUMN one_time_secrets.owner IS 'The account or patient record it is bound to. No foreign key: its check would be a step that only a known owner takes.';
COMMENT ON COLUMN one_time_secrets.sent_to IS 'Where that matters: the key of the address it was mailed to, or how it was handed over.';
COMMENT ON COLUMN one_time_secrets.security_version IS 'The account''s, as known when it was made, where it opens an account; never read later.';
COMMENT ON COLUMN one_time_secrets.state IS 'live until used, superseded by a newer one, or void; a live one past expires_at is expired. withheld: made like any other and given to nobody, so that a miss takes the steps of a hit.';
COMMENT ON COLUMN one_time_secrets.tries IS 'How many of each kind of try that the purpose bounds were counted; the last one it allows voids it.';
COMMENT ON COLUMN one_time_secrets.kept_until IS 'Its expiry and as long as the purpose keeps it after that.';

CREATE TABLE limits (
    purpose  text          COLLATE "C" NOT NULL,
    key      bytea         NOT NULL,
    taken_at timestamptz[] NOT NULL,
    granted  integer       NOT NULL CHECK (granted >= 0),
    idle_at  timestamptz   NOT NULL,
    PRIMARY KEY (purpose, key)
) WITH (fillfactor = 80);
CREATE INDEX limits_idle ON limits (idle_at);
COMMENT ON TABLE limits IS 'What may happen so often in a window, by whom or what it happens to: exact sliding windows, counted and decided by one statement. Swept past idle_at.';
COMMENT ON COLUMN limits.purpose IS 'A Limit of the code, which says how often in which windows.';
COMMENT ON COLUMN limits.key IS 'Whose: the bytes of an id, or a keyed digest of what is not to be kept.';
COMMENT ON COLUMN limits.taken_at IS 'When each that was granted happened, as far back as the longest window.';
COMMENT ON COLUMN limits.granted IS 'How many of those last asked for were within the limit: set and returned by the same statement.';
COMMENT ON COLUMN limits.idle_at IS 'When no window reaches the newest any more.';
