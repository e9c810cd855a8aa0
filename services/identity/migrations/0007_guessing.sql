-- What bounds guessing and mailing over time (LG-2, ID-6, RC-3, EN-1), and what makes the sweeps of the
-- tables behind them cheap. Every instant comes from the application's clock.

ALTER TABLE lockouts
    ADD COLUMN wrong_in_a_row integer       NOT NULL DEFAULT 0 CHECK (wrong_in_a_row >= 0),
    ADD COLUMN disabled_due   boolean       NOT NULL DEFAULT false,
    ADD COLUMN unlocks        timestamptz[] NOT NULL DEFAULT '{}',
    ADD COLUMN on_record      boolean       NOT NULL DEFAULT false,
    ADD COLUMN record_due     timestamptz,
    ADD CHECK (record_due IS NULL OR locked_until IS NOT NULL);
COMMENT ON COLUMN lockouts.wrong_in_a_row IS 'Counted since the last good log-on, reset, or unlock of a disabled password; at 100 the password opens nothing any more. Stands still while locked.';
COMMENT ON COLUMN lockouts.disabled_due IS 'The password was disabled and its holder is yet to be told; the loop takes it back.';
COMMENT ON COLUMN lockouts.unlocks IS 'When a practice cleared something here, of the last day: at most 3 a day.';
COMMENT ON COLUMN lockouts.on_record IS 'The audit has the beginning of the last lock, and not yet its end.';
COMMENT ON COLUMN lockouts.record_due IS 'When the audit is to have the beginning of a lock, then its end; the loop does it. Null: there is nothing to write.';
COMMENT ON COLUMN lockouts.locked_until IS 'End of the last lock, which a reset or the practice moves forward; locked while it is later than now.';
DROP INDEX lockouts_notice_due;
CREATE INDEX lockouts_told_due ON lockouts (key) WHERE notice_due OR disabled_due;
CREATE INDEX lockouts_record_due ON lockouts (record_due) WHERE record_due IS NOT NULL;

CREATE TABLE address_mails (
    digest  bytea         PRIMARY KEY CHECK (length(digest) = 32),
    sent    timestamptz[] NOT NULL,
    last_at timestamptz   NOT NULL
);
COMMENT ON TABLE address_mails IS 'ID-6: how many mails a claimed address was sent, whoever claimed it; one statement counts and decides. Swept a day after the last.';
COMMENT ON COLUMN address_mails.digest IS 'Keyed digest of the address''s key.';
CREATE INDEX address_mails_last ON address_mails (last_at);
