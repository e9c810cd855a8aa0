-- RC-3: requests for a reset link, the mails an account has had, and the links.

CREATE TABLE link_requests (
    id             uuid        PRIMARY KEY,
    name_digest    bytea       NOT NULL CHECK (length(name_digest) = 32),
    requested_at   timestamptz NOT NULL,
    due_at         timestamptz NOT NULL CHECK (due_at >= requested_at),
    source         text        NOT NULL,
    correlation_id uuid        NOT NULL,
    traceparent    text
);
COMMENT ON TABLE link_requests IS 'Accepted first, worked on later; the same row for hit and miss, deleted once it is final.';
COMMENT ON COLUMN link_requests.name_digest IS 'Keyed digest of the normalised name: what was typed is never kept.';
COMMENT ON COLUMN link_requests.due_at IS 'When to look next; a miss is looked at again for a while.';
COMMENT ON COLUMN link_requests.source IS 'Where it came from (LG-4), for the audit row of its outcome.';
CREATE INDEX link_requests_due ON link_requests (due_at);

CREATE TABLE link_budgets (
    account_id   uuid          PRIMARY KEY,
    sent_at      timestamptz[] NOT NULL CHECK (cardinality(sent_at) >= 1),
    last_sent_at timestamptz   NOT NULL
);
COMMENT ON TABLE link_budgets IS 'When an account was last mailed links: one guarded upsert decides whether it may be again.';
COMMENT ON COLUMN link_budgets.sent_at IS 'The newest instants, oldest first, as many as the daily limit.';
CREATE INDEX link_budgets_idle ON link_budgets (last_sent_at);

CREATE TABLE links (
    id               uuid        PRIMARY KEY,
    account_id       uuid        NOT NULL,
    token_digest     bytea       NOT NULL UNIQUE CHECK (length(token_digest) = 32),
    security_version bigint      NOT NULL,
    state            text        NOT NULL CHECK (state IN ('live', 'superseded', 'used')),
    issued_at        timestamptz NOT NULL,
    expires_at       timestamptz NOT NULL CHECK (expires_at > issued_at),
    ended_at         timestamptz,
    CHECK ((state = 'live') = (ended_at IS NULL))
);
COMMENT ON TABLE links IS 'RC-3: mailed links; only a keyed digest of the token is kept. Swept once expired.';
COMMENT ON COLUMN links.id IS 'Also the jti of every grant it is redeemed for, so that one of them can be spent.';
COMMENT ON COLUMN links.security_version IS 'The account''s, as known when the link was made; never read later.';
COMMENT ON COLUMN links.state IS 'live until a newer link supersedes it or identity accepted a password set by it; a live one past expires_at is expired.';
CREATE UNIQUE INDEX links_one_live ON links (account_id) WHERE state = 'live';
CREATE INDEX links_expiry ON links (expires_at);
