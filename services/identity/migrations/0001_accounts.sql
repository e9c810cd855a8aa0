-- Practices, patient records, enrolment tokens, accounts, their names, passwords and addresses.
-- Every instant comes from the application's clock: no column has a default of now().

CREATE TABLE practices (
    id                 uuid        PRIMARY KEY,
    version            bigint      NOT NULL CHECK (version >= 1),
    name               text        NOT NULL,
    contact            text        NOT NULL,
    locale             text        NOT NULL,
    time_zone          text        NOT NULL,
    reset_link_minutes integer     NOT NULL CHECK (reset_link_minutes BETWEEN 15 AND 1440),
    created_at         timestamptz NOT NULL
);
COMMENT ON TABLE practices IS 'A practice and its settings (ST-2); told to others as practice-changed.';
COMMENT ON COLUMN practices.version IS 'aggregateversion of practice-changed; +1 in each guarded UPDATE.';
COMMENT ON COLUMN practices.contact IS 'How a patient reaches the practice; printed in mails.';
COMMENT ON COLUMN practices.reset_link_minutes IS 'RC-3: life of a reset link; a change counts for new links only.';

CREATE TABLE clients (
    id            text        PRIMARY KEY,
    practice_id   uuid        REFERENCES practices (id),
    name          text        NOT NULL,
    scopes        text[]      NOT NULL,
    secret_digest bytea       NOT NULL CHECK (length(secret_digest) = 32),
    created_at    timestamptz NOT NULL
);
COMMENT ON TABLE clients IS 'OAuth 2.0 clients (ST-1): practice systems, and gateways (no practice).';
COMMENT ON COLUMN clients.secret_digest IS 'Keyed digest; the secret was shown once.';

CREATE TABLE patients (
    id          uuid        PRIMARY KEY,
    practice_id uuid        NOT NULL REFERENCES practices (id),
    version     bigint      NOT NULL CHECK (version >= 1),
    number      text,
    last_name   text        NOT NULL,
    first_name  text        NOT NULL,
    birth_date  date        NOT NULL,
    home_phone  text,
    address     text,
    email       text,
    created_at  timestamptz NOT NULL,
    UNIQUE (practice_id, number)
);
COMMENT ON TABLE patients IS 'A practice''s record of a person; told to recovery and merge as person-changed.';
COMMENT ON COLUMN patients.version IS 'aggregateversion of person-changed; +1 in each guarded UPDATE.';
COMMENT ON COLUMN patients.number IS 'The practice''s own person number, where it has one.';
COMMENT ON COLUMN patients.email IS 'The practice''s address for the patient; never an account e-mail by itself.';

CREATE TABLE enrolment_tokens (
    id          uuid        PRIMARY KEY,
    patient_id  uuid        NOT NULL REFERENCES patients (id),
    digest      bytea       NOT NULL UNIQUE CHECK (length(digest) = 32),
    handed_over text        NOT NULL CHECK (handed_over IN ('in-person', 'post', 'e-mail')),
    state       text        NOT NULL CHECK (state IN ('live', 'used', 'superseded', 'voided')),
    wrong_tries smallint    NOT NULL DEFAULT 0 CHECK (wrong_tries BETWEEN 0 AND 5),
    issued_by   text        NOT NULL,
    issued_at   timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    ended_at    timestamptz,
    CHECK ((state = 'live') = (ended_at IS NULL))
);
COMMENT ON TABLE enrolment_tokens IS 'EN-1: bound to practice and patient record; only a keyed digest is kept.';
COMMENT ON COLUMN enrolment_tokens.state IS 'live until used, superseded by a newer one, or voided by 5 wrong tries; a live one past expires_at is expired.';
COMMENT ON COLUMN enrolment_tokens.issued_by IS 'The staff member, as the practice names her.';
CREATE UNIQUE INDEX enrolment_tokens_one_live ON enrolment_tokens (patient_id) WHERE state = 'live';

CREATE TABLE accounts (
    id               uuid        PRIMARY KEY,
    state            text        NOT NULL CHECK (state IN ('active', 'frozen', 'merged')),
    version          bigint      NOT NULL CHECK (version >= 1),
    security_version bigint      NOT NULL CHECK (security_version >= 1),
    username         text        NOT NULL,
    password_hash    text        NOT NULL,
    history_salt     bytea       NOT NULL,
    locale           text        NOT NULL,
    time_zone        text        NOT NULL,
    created_at       timestamptz NOT NULL,
    last_log_on_at   timestamptz
);
COMMENT ON TABLE accounts IS 'A person''s account; told to others as account-changed.';
COMMENT ON COLUMN accounts.version IS 'aggregateversion of account-changed; +1 in each guarded UPDATE that others may see.';
COMMENT ON COLUMN accounts.security_version IS '+1 with each change of credentials: voids every link, token and grant made before.';
COMMENT ON COLUMN accounts.username IS 'As the person wrote it; compared by log_on_names.name_key.';
COMMENT ON COLUMN accounts.password_hash IS 'Names its scheme and cost (ID-5).';
COMMENT ON COLUMN accounts.history_salt IS 'ID-3: the one salt under which the last passwords are kept, so that one hash compares with all.';

CREATE TABLE password_history (
    account_id uuid        NOT NULL REFERENCES accounts (id),
    place      bigint      NOT NULL,
    hash       text        NOT NULL,
    set_at     timestamptz NOT NULL,
    PRIMARY KEY (account_id, place)
);
COMMENT ON TABLE password_history IS 'ID-3: the last 5 passwords, the current one among them, hashed under accounts.history_salt.';
COMMENT ON COLUMN password_history.place IS 'The security_version that the password came with.';

CREATE TABLE log_on_names (
    name_key   text        PRIMARY KEY,
    account_id uuid        NOT NULL REFERENCES accounts (id),
    kind       text        NOT NULL CHECK (kind IN ('username', 'email', 'reserved', 'merged')),
    created_at timestamptz NOT NULL
);
COMMENT ON TABLE log_on_names IS 'ID-4: the one name space; its key decides every race for a name.';
COMMENT ON COLUMN log_on_names.name_key IS 'NFKC + casefold of the whole trimmed name.';
COMMENT ON COLUMN log_on_names.kind IS 'reserved and merged names log nobody on but count as their holder''s.';
CREATE INDEX log_on_names_account ON log_on_names (account_id);

CREATE TABLE account_emails (
    account_id  uuid        NOT NULL REFERENCES accounts (id),
    state       text        NOT NULL CHECK (state IN ('claimed', 'verified')),
    address     text        NOT NULL,
    address_key text        NOT NULL,
    claimed_at  timestamptz NOT NULL,
    verified_at timestamptz,
    PRIMARY KEY (account_id, state),
    CHECK ((state = 'verified') = (verified_at IS NOT NULL))
);
COMMENT ON TABLE account_emails IS 'ID-6: at most one claimed and one verified address an account; a claim reserves nothing.';
COMMENT ON COLUMN account_emails.address IS 'As the person wrote it: mail goes here, never to a typed name (ID-4).';
CREATE UNIQUE INDEX account_emails_verified ON account_emails (address_key) WHERE state = 'verified';

CREATE TABLE email_verifications (
    id          uuid        PRIMARY KEY,
    account_id  uuid        NOT NULL REFERENCES accounts (id),
    address_key text        NOT NULL,
    digest      bytea       NOT NULL UNIQUE CHECK (length(digest) = 32),
    state       text        NOT NULL CHECK (state IN ('live', 'used', 'superseded', 'withheld')),
    sent_at     timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL
);
COMMENT ON TABLE email_verifications IS 'ID-6: one row a mail sent, so that hit and miss write alike and sends are counted.';
COMMENT ON COLUMN email_verifications.state IS 'withheld: another account has verified the address, the link was never mailed.';
CREATE INDEX email_verifications_account ON email_verifications (account_id, sent_at);
CREATE UNIQUE INDEX email_verifications_one_live ON email_verifications (account_id) WHERE state = 'live';

CREATE TABLE enrolments (
    patient_id  uuid        PRIMARY KEY REFERENCES patients (id),
    account_id  uuid        NOT NULL REFERENCES accounts (id),
    state       text        NOT NULL CHECK (state IN ('enrolled', 'un-enrolled')),
    enrolled_at timestamptz NOT NULL
);
COMMENT ON TABLE enrolments IS 'Which account a patient record belongs to; a record has at most one.';
CREATE INDEX enrolments_account ON enrolments (account_id);

CREATE TABLE terms_acceptances (
    account_id  uuid        NOT NULL REFERENCES accounts (id),
    version     text        NOT NULL,
    accepted_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, version)
);
COMMENT ON TABLE terms_acceptances IS 'Which version of the terms an account accepted, and when (EN-9).';
