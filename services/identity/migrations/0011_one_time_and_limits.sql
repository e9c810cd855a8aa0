-- Enrolment tokens and verification links become one-time secrets like any other, and what was counted
-- in five places limits like any other. A live token or link goes on opening what it opened, a limit
-- that was reached stays reached. Who handed a token out is in the audit.

INSERT INTO one_time_secrets (
    id, purpose, digest, owner, sent_to, state, tries, issued_at, expires_at, kept_until, ended_at
)
SELECT
    id, 'enrolment-token', digest, patient_id, handed_over,
    CASE state WHEN 'voided' THEN 'void' ELSE state END,
    CASE WHEN wrong_tries > 0
        THEN jsonb_build_object('wrong-person', wrong_tries) ELSE '{}' END
        || CASE WHEN names_taken > 0
            THEN jsonb_build_object('username-taken', names_taken) ELSE '{}' END,
    issued_at, expires_at, expires_at + interval '90 days', ended_at
FROM enrolment_tokens;
DROP TABLE enrolment_tokens;

INSERT INTO one_time_secrets (
    id, purpose, digest, owner, sent_to, state, issued_at, expires_at, kept_until, ended_at
)
SELECT
    id, 'email-verification', digest, account_id, address_key, state, sent_at, expires_at,
    expires_at + interval '1 day', CASE WHEN state <> 'live' THEN sent_at END
FROM email_verifications;

-- Each mail counts on its account and on its address, for a day.
INSERT INTO limits (purpose, key, taken_at, granted, idle_at)
SELECT
    'verification-mail', uuid_send(account_id), array_agg(sent_at ORDER BY sent_at), 1,
    max(sent_at) + interval '24 hours'
FROM email_verifications GROUP BY account_id;
DROP TABLE email_verifications;

INSERT INTO limits (purpose, key, taken_at, granted, idle_at)
SELECT 'verification-mail', digest, sent, 1, last_at + interval '24 hours' FROM address_mails;
DROP TABLE address_mails;

INSERT INTO limits (purpose, key, taken_at, granted, idle_at)
SELECT
    'refused-password', convert_to(issuer || ' ' || jti, 'UTF8'),
    array_fill(last_at, ARRAY[refused::int]), 1, last_at + interval '30 days'
FROM refused_passwords;
DROP TABLE refused_passwords;

INSERT INTO limits (purpose, key, taken_at, granted, idle_at)
SELECT
    counted.purpose, key, counted.instants, 1,
    (SELECT max(at) FROM unnest(counted.instants) AS at) + interval '24 hours'
FROM lockouts, LATERAL (VALUES ('unlock', unlocks), ('lock-notice', notices))
    AS counted (purpose, instants)
WHERE cardinality(counted.instants) > 0;
ALTER TABLE lockouts DROP COLUMN unlocks, DROP COLUMN notices;
