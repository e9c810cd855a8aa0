-- What merge of release 0a9708c has in its tables when it is upgraded: written by its statements.

INSERT INTO accounts (account_id, version, state, security_version, username, email, locale, time_zone) VALUES
    ('00000000-0000-4000-8000-000000000001', 1, 'active', 1, 'ann.hale', 'ann@mail.example', 'en-US', 'America/New_York');
