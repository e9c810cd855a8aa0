-- Projections of accounts and practices, what practices submitted, and the ledger of deliveries.
-- Every instant comes from the application's clock: no column has a default of now().

CREATE TABLE accounts (
    id         uuid   PRIMARY KEY,
    version    bigint NOT NULL,
    state      text   NOT NULL CHECK (state IN ('active', 'frozen', 'merged')),
    email      text,
    locale     text   NOT NULL,
    time_zone  text   NOT NULL,
    enrolments jsonb  NOT NULL
);
COMMENT ON TABLE accounts IS 'Projection of identity''s account-changed: newer wins.';
COMMENT ON COLUMN accounts.version IS 'aggregateversion of the snapshot applied last.';
COMMENT ON COLUMN accounts.email IS 'The verified account e-mail.';
COMMENT ON COLUMN accounts.enrolments IS 'As the snapshot has them: practice, patient record, state.';
CREATE INDEX accounts_enrolments ON accounts USING gin (enrolments jsonb_path_ops) WITH (fastupdate = off);

CREATE TABLE practices (
    id      uuid   PRIMARY KEY,
    version bigint NOT NULL,
    name    text   NOT NULL,
    locale  text   NOT NULL,
    contact text   NOT NULL
);
COMMENT ON TABLE practices IS 'Projection of identity''s practice-changed: newer wins.';

CREATE TABLE communications (
    practice_id  uuid        NOT NULL,
    reference    text        NOT NULL,
    event_id     uuid        NOT NULL UNIQUE,
    patient_id   uuid        NOT NULL,
    topic        text        NOT NULL,
    submitted_at timestamptz NOT NULL,
    PRIMARY KEY (practice_id, reference)
);
COMMENT ON TABLE communications IS 'NT-9: what practices submitted; the key makes a submission idempotent for ever.';
COMMENT ON COLUMN communications.reference IS 'The sender''s own id.';

CREATE TABLE deliveries (
    id               uuid        PRIMARY KEY,
    event_id         uuid        NOT NULL,
    recipient_digest bytea       NOT NULL CHECK (length(recipient_digest) = 32),
    template         text        NOT NULL,
    class            text        NOT NULL CHECK (class IN ('account-activity', 'practice-communication')),
    channel          text        NOT NULL CHECK (channel IN ('email')),
    account_id       uuid        NOT NULL,
    practice_id      uuid,
    patient_id       uuid,
    topic            text,
    reference        text,
    address          text,
    content          jsonb,
    locale           text        NOT NULL,
    time_zone        text        NOT NULL,
    sealed           jsonb,
    link_purpose     text,
    supersedes       text,
    expires_at       timestamptz,
    occurred_at      timestamptz NOT NULL,
    created_at       timestamptz NOT NULL,
    due_at           timestamptz NOT NULL,
    state            text        NOT NULL CHECK (state IN ('queued', 'sending', 'sent', 'delivered', 'bounced', 'failed', 'expired', 'unknown', 'cancelled')),
    reason           text,
    attempts         integer     NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    unanswered       integer     NOT NULL DEFAULT 0 CHECK (unanswered BETWEEN 0 AND attempts),
    phase            text        CHECK (phase IN ('connecting', 'after-dot')),
    attempted_at     timestamptz,
    lease_token      uuid,
    lease_until      timestamptz,
    finished_at      timestamptz,
    CONSTRAINT deliveries_one_message_for_one_intent UNIQUE (event_id, recipient_digest, template),
    CONSTRAINT deliveries_finished CHECK ((finished_at IS NULL) = (state IN ('queued', 'sending'))),
    CONSTRAINT deliveries_leased CHECK (
        (state = 'sending') = (lease_token IS NOT NULL)
        AND (state = 'sending') = (lease_until IS NOT NULL)
        AND (state = 'sending') = (phase IS NOT NULL)
    ),
    CONSTRAINT deliveries_reasoned CHECK ((reason IS NOT NULL) = (state IN ('failed', 'expired', 'unknown', 'cancelled'))),
    CONSTRAINT deliveries_sendable CHECK (state NOT IN ('queued', 'sending', 'sent') OR (address IS NOT NULL AND content IS NOT NULL)),
    CONSTRAINT deliveries_secret_only_while_open CHECK (sealed IS NULL OR state IN ('queued', 'sending')),
    CONSTRAINT deliveries_secret_while_open CHECK (link_purpose IS NULL OR sealed IS NOT NULL OR state NOT IN ('queued', 'sending')),
    CONSTRAINT deliveries_link CHECK ((link_purpose IS NULL) = (expires_at IS NULL)),
    CONSTRAINT deliveries_of_practice CHECK (
        (class = 'practice-communication') = (practice_id IS NOT NULL)
        AND (practice_id IS NULL) = (patient_id IS NULL)
        AND (practice_id IS NULL) = (topic IS NULL)
        AND (practice_id IS NULL) = (reference IS NULL)
    )
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02);
COMMENT ON TABLE deliveries IS 'NT-5: the ledger. One row is one message for one intent, for ever (NT-6).';
COMMENT ON COLUMN deliveries.recipient_digest IS 'Keyed digest of the address; of the account where there is none. The intent key outlives the address.';
COMMENT ON COLUMN deliveries.address IS 'Where it goes; null: there is nowhere to send it (reason says why).';
COMMENT ON COLUMN deliveries.content IS 'The template''s declared variables; no secret is among them.';
COMMENT ON COLUMN deliveries.sealed IS 'The link''s secret as ciphertext; gone as soon as no courier needs it.';
COMMENT ON COLUMN deliveries.supersedes IS 'Older links of this kind of the same account are void by this event.';
COMMENT ON COLUMN deliveries.expires_at IS 'When the link dies; after it nothing is sent.';
COMMENT ON COLUMN deliveries.due_at IS 'Not before this; a retry backs off by it.';
COMMENT ON COLUMN deliveries.unanswered IS 'How often nothing answered after the final dot.';
COMMENT ON COLUMN deliveries.phase IS 'Of the current attempt: after-dot is written just before the final dot goes out.';
COMMENT ON COLUMN deliveries.lease_token IS 'The fence: who holds another token may record nothing.';
COMMENT ON COLUMN deliveries.finished_at IS 'When couriers were done with it; a later receipt may still change sent or unknown.';

CREATE INDEX deliveries_due_activity ON deliveries (due_at) WHERE class = 'account-activity' AND state = 'queued';
CREATE INDEX deliveries_due_communication ON deliveries (practice_id, due_at) WHERE class = 'practice-communication' AND state = 'queued';
CREATE INDEX deliveries_leased ON deliveries (lease_until) WHERE state = 'sending';
CREATE INDEX deliveries_expiring ON deliveries (expires_at) WHERE state = 'queued' AND expires_at IS NOT NULL;
CREATE INDEX deliveries_by_account ON deliveries (account_id, created_at DESC);
CREATE INDEX deliveries_by_practice ON deliveries (practice_id, created_at DESC) WHERE practice_id IS NOT NULL;

CREATE TABLE attempts (
    delivery_id   uuid        NOT NULL REFERENCES deliveries (id),
    number        integer     NOT NULL CHECK (number >= 1),
    started_at    timestamptz NOT NULL,
    ended_at      timestamptz NOT NULL,
    phase         text        NOT NULL CHECK (phase IN ('connecting', 'before-dot', 'after-dot', 'answered')),
    outcome       text        NOT NULL CHECK (outcome IN ('accepted', 'deferred', 'refused', 'unanswered', 'lost')),
    smtp_code     smallint,
    enhanced_code text,
    PRIMARY KEY (delivery_id, number)
);
COMMENT ON TABLE attempts IS 'What each attempt came to; the one under way is in deliveries.phase.';
COMMENT ON COLUMN attempts.smtp_code IS 'The server''s answer as a number: its text may hold an address.';
