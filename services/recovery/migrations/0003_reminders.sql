-- RC-1: requests for a username, and how often an address was asked for one.

CREATE TABLE reminder_requests (LIKE link_requests INCLUDING ALL);
COMMENT ON TABLE reminder_requests IS 'As link_requests, for a username; the digest is of an address.';

CREATE TABLE reminder_budgets (
    address_digest  bytea         PRIMARY KEY CHECK (length(address_digest) = 32),
    counted_at      timestamptz[] NOT NULL,
    granted         integer       NOT NULL CHECK (granted >= 0),
    last_counted_at timestamptz   NOT NULL
);
COMMENT ON TABLE reminder_budgets IS 'Decided requests for a username by address, hit and miss alike: one guarded upsert counts and decides.';
COMMENT ON COLUMN reminder_budgets.address_digest IS 'Keyed digest of the address as it was typed, whoever has it or nobody.';
COMMENT ON COLUMN reminder_budgets.counted_at IS 'The instants of the last hour''s, at most as many as the limit.';
COMMENT ON COLUMN reminder_budgets.granted IS 'How many of those last asked for were within the limit.';
CREATE INDEX reminder_budgets_idle ON reminder_budgets (last_counted_at);
