-- RC-2: a username by a notification address, a last name and a date of birth.

CREATE TABLE notification_addresses (
    account_id      uuid    PRIMARY KEY,
    version         bigint  NOT NULL CHECK (version >= 1),
    addresses       text[]  NOT NULL,
    address_digests bytea[] NOT NULL,
    generation      bigint  NOT NULL DEFAULT 0
);
COMMENT ON TABLE notification_addresses IS 'Projection of notification-addresses-changed.';
COMMENT ON COLUMN notification_addresses.version IS 'aggregateversion of the snapshot; only a newer one replaces it.';
COMMENT ON COLUMN notification_addresses.addresses IS 'The verified ones; mail goes here, never to a typed name (ID-4).';
COMMENT ON COLUMN notification_addresses.address_digests IS 'Keyed digests in the same order: what a typed address is compared with.';
COMMENT ON COLUMN notification_addresses.generation IS 'Of rebuilds when the snapshot was kept; a snapshot as new replaces it where it is older.';
CREATE INDEX notification_addresses_digests ON notification_addresses USING gin (address_digests);

ALTER TABLE link_requests ADD COLUMN person_digests bytea CHECK (length(person_digests) % 32 = 0);
ALTER TABLE reminder_requests ADD COLUMN person_digests bytea CHECK (length(person_digests) % 32 = 0);
COMMENT ON COLUMN link_requests.person_digests IS 'Null: both tables of requests are alike.';
COMMENT ON COLUMN reminder_requests.person_digests IS 'Keyed digests of each form of the last name with the date of birth, one behind the other; null where they were not given.';
