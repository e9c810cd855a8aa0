-- What identity of release 0a9708c has in its tables when it is upgraded: written by its statements,
-- under the keys that the tests' identity has.

INSERT INTO practices VALUES
    ('00000000-0000-4000-8000-000000000010', 3, 'Elm Street Practice', '+1 555 0100', 'en-US', 'America/New_York', 20, '2031-01-01 09:00+00');

-- A client with all that a practice's may do, one that was narrowed, a gateway's, and a revoked one
-- with a scope that no practice's client was ever given.
INSERT INTO clients (id, practice_id, name, scopes, secret_digest, created_at, revoked_at)
SELECT id, practice_id, id, scopes, sha256(id::bytea), '2031-01-01 09:00+00', revoked_at
FROM (VALUES
    ('full', '00000000-0000-4000-8000-000000000010'::uuid, ARRAY[
        'accounts:unlock', 'communications:write', 'deliveries:read', 'enrolments:write', 'merges:read',
        'patients:write', 'settings:read', 'settings:write', 'tokens:write'
    ], NULL),
    ('narrowed', '00000000-0000-4000-8000-000000000010', ARRAY['merges:read'], NULL),
    ('gateway', NULL, ARRAY['introspect'], NULL),
    ('revoked', '00000000-0000-4000-8000-000000000010', ARRAY['introspect'], '2031-02-01 09:00+00'::timestamptz)
) AS made (id, practice_id, scopes, revoked_at);

INSERT INTO patients (id, practice_id, version, last_name, first_name, birth_date, created_at) VALUES
    ('00000000-0000-4000-8000-000000000021', '00000000-0000-4000-8000-000000000010', 1, 'García-Lopez', 'Maria', '1984-05-03', '2031-01-01 09:00+00'),
    ('00000000-0000-4000-8000-000000000022', '00000000-0000-4000-8000-000000000010', 1, 'García-Lopez', 'Maria', '1984-05-03', '2031-01-01 09:00+00'),
    ('00000000-0000-4000-8000-000000000024', '00000000-0000-4000-8000-000000000010', 2, 'Hale', 'Ann', '1970-01-02', '2031-01-01 09:00+00'),
    ('00000000-0000-4000-8000-000000000025', '00000000-0000-4000-8000-000000000010', 2, 'Hale', 'Ben', '1970-01-03', '2031-01-01 09:00+00'),
    ('00000000-0000-4000-8000-000000000026', '00000000-0000-4000-8000-000000000010', 2, 'Hale', 'Cleo', '1970-01-04', '2031-01-01 09:00+00');

-- One live token, one with four wrong tries and nine taken names, and what they superseded.
INSERT INTO enrolment_tokens (
    id, patient_id, digest, handed_over, state, wrong_tries, names_taken, issued_by, issued_at, expires_at,
    ended_at
) VALUES
    ('00000000-0000-4000-8000-000000000031', '00000000-0000-4000-8000-000000000021', '\x129bbb0102f7e895aeace176c9a4dc03f790863d4fd1c651d6eaa16bba3aaa04',
     'post', 'live', 0, 0, 'nurse-7', '2031-03-01 09:00+00', '2031-03-22 09:00+00', NULL),
    ('00000000-0000-4000-8000-000000000032', '00000000-0000-4000-8000-000000000022', '\xf1be9878650243223b410e5ae2c63354654ce5724fefd115a6c50fe07c9977c4',
     'in-person', 'live', 4, 9, 'nurse-7', '2031-03-04 09:00+00', '2031-03-07 09:00+00', NULL),
    ('00000000-0000-4000-8000-000000000033', '00000000-0000-4000-8000-000000000021', '\xc0a288cd1a912b0c22287798dbbc44e006d96d24c3aa4f94ad5ec5e822d6ef4a',
     'in-person', 'superseded', 0, 0, 'nurse-7', '2031-02-28 09:00+00', '2031-03-03 09:00+00', '2031-03-01 09:00+00'),
    ('00000000-0000-4000-8000-000000000034', '00000000-0000-4000-8000-000000000024', '\x2324a39195a15938d3624f572f64dcfb534c180d2a03a75a0bab85a0ee073a58',
     'e-mail', 'voided', 5, 0, 'nurse-7', '2031-01-01 09:00+00', '2031-01-02 09:00+00', '2031-01-01 10:00+00');

INSERT INTO accounts (
    id, state, version, security_version, username, password_hash, history_salt, locale, time_zone, created_at
) VALUES
    ('00000000-0000-4000-8000-000000000001', 'active', 1, 1, 'ann.hale',
     '$portico$hmac-sha384$ed25efcc5de85546$2b$04$uD6ow1bY.bRpRVoVSfwM9.uMv2sWu0RCPsVsvjeC5ntMVSnfAjqxG',
     '\x24326224303424677176725a67767970336a306c4571706b305a68474f', 'en-US', 'America/New_York', '2031-01-01 09:00+00'),
    ('00000000-0000-4000-8000-000000000002', 'active', 1, 1, 'ben.hale',
     '$portico$hmac-sha384$ed25efcc5de85546$2b$04$uD6ow1bY.bRpRVoVSfwM9.uMv2sWu0RCPsVsvjeC5ntMVSnfAjqxG',
     '\x24326224303424677176725a67767970336a306c4571706b305a68474f', 'en-US', 'America/New_York', '2031-01-01 09:00+00'),
    ('00000000-0000-4000-8000-000000000003', 'active', 1, 1, 'cleo.hale',
     '$portico$hmac-sha384$ed25efcc5de85546$2b$04$uD6ow1bY.bRpRVoVSfwM9.uMv2sWu0RCPsVsvjeC5ntMVSnfAjqxG',
     '\x24326224303424677176725a67767970336a306c4571706b305a68474f', 'en-US', 'America/New_York', '2031-01-01 09:00+00');
INSERT INTO password_history
SELECT id, 1, '$portico$hmac-sha384$ed25efcc5de85546$2b$04$gqvrZgvyp3j0lEqpk0ZhGOY1uOjgqysKcnWwV32MELzGJ8gvBBXXm', created_at FROM accounts;
INSERT INTO log_on_names (name_key, account_id, kind, created_at)
SELECT username, id, 'username', created_at FROM accounts;
INSERT INTO terms_acceptances SELECT id, '2026-01', created_at FROM accounts;
INSERT INTO enrolments VALUES
    ('00000000-0000-4000-8000-000000000024', '00000000-0000-4000-8000-000000000001', 'enrolled', '2031-01-01 09:00+00'),
    ('00000000-0000-4000-8000-000000000025', '00000000-0000-4000-8000-000000000002', 'enrolled', '2031-01-01 09:00+00'),
    ('00000000-0000-4000-8000-000000000026', '00000000-0000-4000-8000-000000000003', 'enrolled', '2031-01-01 09:00+00');

-- Ann's link is on its way; Ben has asked for five in this hour, each for another address; Cleo named an
-- address that four others named as well, with a link that was withheld.
INSERT INTO account_emails (account_id, state, address, address_key, claimed_at) VALUES
    ('00000000-0000-4000-8000-000000000001', 'claimed', 'Ann@mail.example', 'ann@mail.example', '2031-03-05 08:50+00'),
    ('00000000-0000-4000-8000-000000000002', 'claimed', 'ben4@mail.example', 'ben4@mail.example', '2031-03-05 08:50+00'),
    ('00000000-0000-4000-8000-000000000003', 'claimed', 'many@mail.example', 'many@mail.example', '2031-03-05 08:50+00');
INSERT INTO email_verifications (id, account_id, address_key, digest, state, sent_at, expires_at)
SELECT gen_random_uuid(), '00000000-0000-4000-8000-000000000002', 'ben' || mail || '@mail.example', sha256(mail::text::bytea),
    CASE mail WHEN 4 THEN 'live' ELSE 'superseded' END, at, at + interval '1 hour'
FROM generate_series(0, 4) AS mail, LATERAL (SELECT '2031-03-05 08:46+00'::timestamptz + mail * interval '1 minute' AS at) AS sent;
INSERT INTO email_verifications (id, account_id, address_key, digest, state, sent_at, expires_at) VALUES
    ('00000000-0000-4000-8000-000000000041', '00000000-0000-4000-8000-000000000001', 'ann@mail.example', '\x69e944dbc016ae024384f050b1a66f4302ba0cebea9b969dc1fdff0750999cde',
     'live', '2031-03-05 08:50+00', '2031-03-05 09:50+00'),
    ('00000000-0000-4000-8000-000000000042', '00000000-0000-4000-8000-000000000003', 'many@mail.example', '\x8bb903589949cc018bc60e9ada66f5764e022cb1b7ada687e6545c8802fba3b2',
     'withheld', '2031-03-05 08:50+00', '2031-03-05 09:50+00');
INSERT INTO address_mails VALUES
    ('\x9aff13a26af2452fb0b592989fbb69e17eeb6395ab9e5bdbe27fffd605f640e3',
     ARRAY['2031-03-05 08:10+00', '2031-03-05 08:20+00', '2031-03-05 08:30+00', '2031-03-05 08:40+00', '2031-03-05 08:50+00']::timestamptz[], '2031-03-05 08:50+00');

-- Ann was unlocked and told three times today, and a fourth lock is yet to be told; a proof of hers had
-- five passwords refused, another four.
INSERT INTO lockouts (
    key, account_id, failures, locked_until, told, notice_due, notices, unlocks, counted_at
) VALUES
    ('\x84cfa2795187c183a28f026f82c54e841c6001fc38f37fcd41befda8d696fedd',
     '00000000-0000-4000-8000-000000000001', 3, '2031-03-05 08:59+00', true, true,
     ARRAY['2031-03-04 10:00+00', '2031-03-04 20:00+00', '2031-03-05 08:00+00']::timestamptz[],
     ARRAY['2031-03-04 11:00+00', '2031-03-04 21:00+00', '2031-03-05 08:30+00']::timestamptz[], '2031-03-05 08:39+00'),
    ('\x4be3e4b7b5666a0d60b335464e876f60c52e2ae13f294ba1c786c244755ac71b',
     '00000000-0000-4000-8000-000000000002', 1, NULL, true, false, '{}', '{}', '2031-03-05 08:39+00');
INSERT INTO refused_passwords VALUES
    ('https://portico.example/recovery', 'worn out', 5, '2031-03-05 08:00+00'),
    ('https://portico.example/recovery', 'nearly', 4, '2031-03-05 08:00+00');

-- Ann logged on eleven minutes before.
INSERT INTO sessions (id, account_id, started_at, refreshed_at, idle_until, expires_at)
VALUES ('00000000-0000-4000-8000-000000000051', '00000000-0000-4000-8000-000000000001',
    '2031-03-05 08:49+00', '2031-03-05 08:59+00', '2031-03-05 09:14+00', '2031-03-05 20:49+00');
