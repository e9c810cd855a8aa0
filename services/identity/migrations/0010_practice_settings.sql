-- Practice settings are one record: a new one is a line in the code, with its default, and no column.

ALTER TABLE practices ADD COLUMN settings jsonb;
UPDATE practices SET settings = jsonb_build_object('reset_link_minutes', reset_link_minutes);
ALTER TABLE practices ALTER COLUMN settings SET NOT NULL, DROP COLUMN reset_link_minutes;
COMMENT ON COLUMN practices.settings IS
    'ST-2, as the contract of practice-changed describes them; what is missing has its default.';
