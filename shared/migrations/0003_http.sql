CREATE TABLE idempotency_keys (
    caller      text        NOT NULL,
    verb        text        NOT NULL,
    key         text        NOT NULL CHECK (length(key) BETWEEN 8 AND 128),
    body_digest bytea       NOT NULL CHECK (length(body_digest) = 32),
    reply       bytea,
    expires_at  timestamptz NOT NULL,
    PRIMARY KEY (caller, verb, key)
);
CREATE INDEX idempotency_keys_expiry ON idempotency_keys (expires_at);

COMMENT ON TABLE idempotency_keys IS
    'What was answered to a call with an Idempotency-Key; written in the transaction of its effect';
COMMENT ON COLUMN idempotency_keys.caller IS 'Who called, as in audit rows; "anonymous" for public verbs';
COMMENT ON COLUMN idempotency_keys.body_digest IS
    'Keyed digest (HMAC-SHA-256) of path and body: bodies may hold passwords';
COMMENT ON COLUMN idempotency_keys.reply IS
    'The reply as JSON; null for a verb whose reply shows a secret once';
COMMENT ON COLUMN idempotency_keys.expires_at IS 'After this the key counts as never used';

CREATE TABLE source_budget (
    source   text          PRIMARY KEY,
    refusals timestamptz[] NOT NULL,
    last_at  timestamptz   NOT NULL
);
CREATE INDEX source_budget_age ON source_budget (last_at);

COMMENT ON TABLE source_budget IS
    'LG-4: refusals told to one source; an exact sliding window, swept once it is over';
COMMENT ON COLUMN source_budget.source IS 'An IPv4 address or an IPv6 /64';
COMMENT ON COLUMN source_budget.refusals IS 'When each told refusal of the window was counted, oldest first';
COMMENT ON COLUMN source_budget.last_at IS 'The newest of them';
