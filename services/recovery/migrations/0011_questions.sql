-- RC-8: the five security questions of an account; RC-4: how often answers to them were tried.

CREATE TABLE security_questions (
    account_id      uuid        PRIMARY KEY,
    set_id          uuid        NOT NULL UNIQUE,
    codes           text[]      COLLATE "C" NOT NULL CHECK (cardinality(codes) = 5),
    answers         text[]      COLLATE "C" NOT NULL CHECK (cardinality(answers) = 5),
    account_version bigint      NOT NULL,
    set_at          timestamptz NOT NULL
);
COMMENT ON TABLE security_questions IS 'All five in one row: of two that are set at once one row is left, never a mixture.';
COMMENT ON COLUMN security_questions.set_id IS 'Of this set alone, and the id of its receipt: identity hears of it once, by receipt or event.';
COMMENT ON COLUMN security_questions.codes IS 'Codes of the bank, in the order they were chosen in.';
COMMENT ON COLUMN security_questions.answers IS 'Slow hashes of the normalised answers, in the same order; never returned.';
COMMENT ON COLUMN security_questions.account_version IS 'The account''s in the token that set them: a freeze since has dropped them (accounts.frozen_in).';

CREATE TABLE question_rounds (
    key          bytea       PRIMARY KEY CHECK (length(key) = 32),
    account_id   uuid,
    attempts     integer     NOT NULL CHECK (attempts >= 0),
    locks        integer     NOT NULL CHECK (locks >= 0),
    draw         bigint      NOT NULL CHECK (draw >= 0),
    locked_until timestamptz,
    closing      uuid,
    notice_due   boolean     NOT NULL DEFAULT false,
    told         boolean     NOT NULL,
    opened       boolean     NOT NULL,
    counted_at   timestamptz NOT NULL
) WITH (fillfactor = 80);
-- Not unique: of two first calls at once the upsert by key would fail on this one.
CREATE INDEX question_rounds_account ON question_rounds (account_id) WHERE account_id IS NOT NULL;
CREATE INDEX question_rounds_notice ON question_rounds (key) WHERE notice_due;
CREATE INDEX question_rounds_unknown ON question_rounds (counted_at) WHERE account_id IS NULL;
COMMENT ON TABLE question_rounds IS 'RC-4: calls with answers, by account, and alike by names that nobody has: one guarded upsert counts and decides.';
COMMENT ON COLUMN question_rounds.key IS 'The account''s id, twice, or the keyed digest of a name that nobody has.';
COMMENT ON COLUMN question_rounds.attempts IS 'Wrong calls since the last lock or success; the third locks.';
COMMENT ON COLUMN question_rounds.locks IS 'Locks since the last success or closing that a log-on ended; the fifth closes the route.';
COMMENT ON COLUMN question_rounds.draw IS 'Counts successes: which two of the five are asked follows from it, so a lock does not change them.';
COMMENT ON COLUMN question_rounds.closing IS 'Closed until identity tells that a full log-on has ended this closing (accounts.reopened).';
COMMENT ON COLUMN question_rounds.notice_due IS 'The holder is to be told of a lock, by a loop: no call takes longer for it.';
COMMENT ON COLUMN question_rounds.told IS 'Whether the outcome of the last call could be told: set and returned by the same statement.';
COMMENT ON COLUMN question_rounds.opened IS 'Whether it was a success; likewise.';

ALTER TABLE accounts
    ADD COLUMN frozen_in bigint NOT NULL DEFAULT 0,
    ADD COLUMN reopened  uuid;
COMMENT ON COLUMN accounts.frozen_in IS 'The version that froze it last (RC-9): questions set before are void.';
COMMENT ON COLUMN accounts.reopened IS 'The closing of RC-4 that a full log-on has ended last.';
