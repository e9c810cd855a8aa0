-- How practice communications reach a patient: what her practice offers, and what she chose (NT-2).

ALTER TABLE practices ADD COLUMN channels text[] NOT NULL DEFAULT '{email,portal}';
COMMENT ON COLUMN practices.channels IS 'What patients may choose, in the order in which it is tried where nothing is chosen.';

CREATE TABLE notification_preferences (
    practice_id uuid     NOT NULL,
    patient_id  uuid     NOT NULL,
    topic       text     COLLATE "C" NOT NULL
        CHECK (topic IN ('any', 'message', 'appointment', 'health-record', 'statement')),
    place       smallint NOT NULL CHECK (place >= 1),
    channel     text     NOT NULL CHECK (channel IN ('email', 'portal', 'none')),
    address_id  uuid     REFERENCES notification_addresses (id),
    PRIMARY KEY (practice_id, patient_id, topic, place),
    CHECK (address_id IS NULL OR channel = 'email'),
    CHECK (channel <> 'none' OR place = 1)
);
COMMENT ON TABLE notification_preferences IS 'NT-2: of an enrolment, whoever''s account it is; one without rows has its practice''s order.';
COMMENT ON COLUMN notification_preferences.topic IS 'any: of what has no rows of its own.';
COMMENT ON COLUMN notification_preferences.place IS 'In the order in which they are tried.';
COMMENT ON COLUMN notification_preferences.address_id IS 'Null of email: the account e-mail.';
CREATE INDEX notification_preferences_by_address ON notification_preferences (address_id)
    WHERE address_id IS NOT NULL;

ALTER TABLE deliveries
    DROP CONSTRAINT deliveries_channel_check,
    ADD CONSTRAINT deliveries_channel_check CHECK (channel IN ('email', 'portal', 'none')),
    ADD COLUMN address_id uuid,
    ADD COLUMN fallback jsonb NOT NULL DEFAULT '[{"means": "portal"}]';
COMMENT ON COLUMN deliveries.address_id IS 'Of a practice communication: the notification address it goes to; null: the account e-mail.';
COMMENT ON COLUMN deliveries.fallback IS 'Of a practice communication: where it goes next where this fails, in its order. What was filed before had a notice.';
