-- Practices offer text messages, patients choose them, and a phone's STOP ends them (NT-2, NT-3).

ALTER TABLE notification_preferences
    DROP CONSTRAINT notification_preferences_channel_check,
    ADD CONSTRAINT notification_preferences_channel_check
        CHECK (channel IN ('email', 'text-message', 'portal', 'none')),
    DROP CONSTRAINT notification_preferences_check,
    ADD CONSTRAINT notification_preferences_check CHECK (
        CASE channel WHEN 'email' THEN true WHEN 'text-message' THEN address_id IS NOT NULL
            ELSE address_id IS NULL END
    );
COMMENT ON COLUMN notification_preferences.address_id IS 'Null of email: the account e-mail. Of a text message: the number.';

CREATE TABLE stopped_numbers (
    number text        COLLATE "C" PRIMARY KEY,
    since  timestamptz NOT NULL
);
COMMENT ON TABLE stopped_numbers IS 'NT-3: they answered STOP, or so their provider says. No text message goes there, whoever''s number it is, until START.';
