-- What recovery knows of the others: the newest snapshot of each account, person and practice.
-- A snapshot is applied only if its version is newer, so order and repetition do not matter.
-- Every instant comes from the application's clock: no column has a default of now().

CREATE TABLE accounts (
    account_id       uuid   PRIMARY KEY,
    version          bigint NOT NULL CHECK (version >= 1),
    state            text   NOT NULL CHECK (state IN ('active', 'frozen', 'merged')),
    security_version bigint NOT NULL CHECK (security_version >= 1),
    username         text   NOT NULL,
    username_digest  bytea  NOT NULL CHECK (length(username_digest) = 32),
    email            text,
    email_digest     bytea  CHECK (length(email_digest) = 32),
    locale           text   NOT NULL,
    time_zone        text   NOT NULL,
    practices        uuid[] NOT NULL,
    CHECK ((email IS NULL) = (email_digest IS NULL))
);
COMMENT ON TABLE accounts IS 'Projection of account-changed.';
COMMENT ON COLUMN accounts.version IS 'aggregateversion of the snapshot; only a newer one replaces it.';
COMMENT ON COLUMN accounts.security_version IS 'Counts changes of credentials; a proof is void once it has grown.';
COMMENT ON COLUMN accounts.username_digest IS 'Keyed digest of the normalised username: what a typed name is compared with.';
COMMENT ON COLUMN accounts.email IS 'The verified account e-mail; mail goes here, never to a typed name (ID-4).';
COMMENT ON COLUMN accounts.practices IS 'The practices the account is enrolled at now; un-enrolled ones are left out.';
-- Not unique: while a name passes from one account to another, the two snapshots come in any order.
CREATE INDEX accounts_username ON accounts (username_digest);
CREATE INDEX accounts_email ON accounts (email_digest) WHERE email_digest IS NOT NULL;

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
    practice_id        uuid    PRIMARY KEY,
    version            bigint  NOT NULL CHECK (version >= 1),
    name               text    NOT NULL,
    contact            text    NOT NULL,
    locale             text    NOT NULL,
    time_zone          text    NOT NULL,
    reset_link_minutes integer NOT NULL
);
COMMENT ON TABLE practices IS 'Projection of practice-changed.';
COMMENT ON COLUMN practices.version IS 'aggregateversion of the snapshot; only a newer one replaces it.';
COMMENT ON COLUMN practices.reset_link_minutes IS 'RC-3: life of a reset link; kept within its bounds when it is used.';
