-- Links become one-time secrets like any other, the counts of mails and reminders limits like any
-- other. A live link goes on opening what it opened, a used-up budget stays used up.

INSERT INTO one_time_secrets (
    id, purpose, digest, owner, security_version, state, issued_at, expires_at, kept_until, ended_at
)
SELECT
    id, 'reset-link', token_digest, account_id, security_version, state, issued_at, expires_at,
    expires_at, ended_at
FROM links;
DROP TABLE links;

INSERT INTO limits (purpose, key, taken_at, granted, idle_at)
SELECT 'link-mail', uuid_send(account_id), sent_at, 1, last_sent_at + interval '24 hours'
FROM link_budgets;
DROP TABLE link_budgets;

INSERT INTO limits (purpose, key, taken_at, granted, idle_at)
SELECT
    'username-reminder', address_digest, counted_at, granted, last_counted_at + interval '1 hour'
FROM reminder_budgets;
DROP TABLE reminder_budgets;
