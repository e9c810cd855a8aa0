-- Text messages beside mails, to numbers that were verified by a code (NT-3).

ALTER TABLE notification_addresses
    DROP CONSTRAINT notification_addresses_kind_check,
    ADD CONSTRAINT notification_addresses_kind_check CHECK (kind IN ('email', 'phone'));
COMMENT ON TABLE notification_addresses IS 'NT-2: five an account at most and three numbers, and each once, judged under its row; a merge may bring more. Other accounts may have the same ones.';
COMMENT ON COLUMN notification_addresses.key IS 'The form under which spellings are one (ID-4); of a number E.164.';
COMMENT ON COLUMN notification_addresses.verified_at IS 'Null: the mailed link was not opened yet, or the code not typed, and nothing else goes there.';

CREATE TABLE number_codes (
    address_id uuid        PRIMARY KEY REFERENCES notification_addresses (id) ON DELETE CASCADE,
    digest     bytea       NOT NULL CHECK (length(digest) = 32),
    tries_left smallint    NOT NULL CHECK (tries_left >= 0),
    expires_at timestamptz NOT NULL
);
COMMENT ON TABLE number_codes IS 'NT-3: the code that was sent last to a number that is not verified; gone once it was right.';
COMMENT ON COLUMN number_codes.digest IS 'Keyed, of the code and the number''s id: two may have the same code.';

ALTER TABLE deliveries
    DROP CONSTRAINT deliveries_channel_check,
    ADD CONSTRAINT deliveries_channel_check
        CHECK (channel IN ('email', 'text-message', 'portal', 'none')),
    ALTER COLUMN channel TYPE text COLLATE "C";

DROP INDEX deliveries_due_activity;
DROP INDEX deliveries_due_communication;
CREATE INDEX deliveries_due_activity ON deliveries (channel, due_at)
    WHERE class = 'account-activity' AND state = 'queued';
CREATE INDEX deliveries_due_communication ON deliveries (channel, practice_id, due_at)
    WHERE class = 'practice-communication' AND state = 'queued';
