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

CREATE TABLE refused_passwords (
    issuer  text        COLLATE "C" NOT NULL,
    jti     text        COLLATE "C" NOT NULL,
    refused smallint    NOT NULL CHECK (refused BETWEEN 1 AND 5),
    last_at timestamptz NOT NULL,
    PRIMARY KEY (issuer, jti)
);
COMMENT ON TABLE refused_passwords IS 'RC-3: how many new passwords were refused with one proof, whichever of its grants came; past 5 it sets none. Counted while the account is held; swept 30 days after the last.';
COMMENT ON COLUMN refused_passwords.jti IS 'The id of the proof, the same in every grant fetched for it.';
CREATE INDEX refused_passwords_last ON refused_passwords (last_at);

ALTER TABLE enrolment_tokens
    ADD COLUMN names_taken smallint NOT NULL DEFAULT 0 CHECK (names_taken BETWEEN 0 AND 10);
COMMENT ON COLUMN enrolment_tokens.names_taken IS 'EN-1: how often this token told that a username is taken; the tenth voids it.';
COMMENT ON COLUMN enrolment_tokens.state IS 'live until used, superseded by a newer one, or voided by 5 wrong tries, 10 taken usernames or un-enrolment; a live one past expires_at is expired. Swept 90 days after that.';
CREATE INDEX enrolment_tokens_expiry ON enrolment_tokens (expires_at);

COMMENT ON TABLE email_verifications IS 'ID-6: one row a mail sent, so that hit and miss write alike and sends are counted. Swept 2 days after it.';
CREATE INDEX email_verifications_sent ON email_verifications (sent_at);
