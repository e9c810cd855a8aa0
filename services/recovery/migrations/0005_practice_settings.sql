-- Practice settings are one record, as identity tells them.

ALTER TABLE practices ADD COLUMN settings jsonb;
UPDATE practices SET settings = jsonb_build_object('reset_link_minutes', reset_link_minutes);
ALTER TABLE practices ALTER COLUMN settings SET NOT NULL, DROP COLUMN reset_link_minutes;
COMMENT ON COLUMN practices.settings IS
    'ST-2: what is missing has its default; kept within its bounds when it is used.';
