-- What merge knows of the others: the newest snapshot of each account, person and practice.
-- A snapshot is applied only if its version is newer, so order and repetition do not matter.

CREATE TABLE accounts (
    account_id       uuid   PRIMARY KEY,
    version          bigint NOT NULL CHECK (version >= 1),
    state            text   NOT NULL CHECK (state IN ('active', 'frozen', 'merged')),
    security_version bigint NOT NULL CHECK (security_version >= 1),
    username         text   NOT NULL,
    email            text,
    locale           text   NOT NULL,
    time_zone        text   NOT NULL
);
COMMENT ON TABLE accounts IS 'Projection of account-changed; enrolments are told by persons.';
COMMENT ON COLUMN accounts.version IS 'aggregateversion of the snapshot; only a newer one replaces it.';
COMMENT ON COLUMN accounts.security_version IS 'Counts changes of credentials; a proof is void once it has grown.';
COMMENT ON COLUMN accounts.email IS 'The verified account e-mail.';

CREATE TABLE persons (
    patient_id  uuid   PRIMARY KEY,
    version     bigint NOT NULL CHECK (version >= 1),
    practice_id uuid   NOT NULL,
    account_id  uuid,
    last_name   text   NOT NULL,
    first_name  text   NOT NULL,
    birth_date  date   NOT NULL,
    home_phone  text,
    address     text
);
COMMENT ON TABLE persons IS 'Projection of person-changed: personal data that only recovery and merge may read.';
COMMENT ON COLUMN persons.version IS 'aggregateversion of the snapshot; only a newer one replaces it.';
CREATE INDEX persons_account ON persons (account_id) WHERE account_id IS NOT NULL;

CREATE TABLE practices (
    practice_id uuid   PRIMARY KEY,
    version     bigint NOT NULL CHECK (version >= 1),
    name        text   NOT NULL,
    contact     text   NOT NULL,
    locale      text   NOT NULL,
    time_zone   text   NOT NULL
);
COMMENT ON TABLE practices IS 'Projection of practice-changed.';
COMMENT ON COLUMN practices.version IS 'aggregateversion of the snapshot; only a newer one replaces it.';
