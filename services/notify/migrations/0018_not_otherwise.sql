-- None behind other ways: not otherwise, so that no order of the practice brings e-mail back (NT-7).

ALTER TABLE notification_preferences DROP CONSTRAINT notification_preferences_check1;
COMMENT ON COLUMN notification_preferences.channel IS 'none: not at all; behind others: not otherwise.';
