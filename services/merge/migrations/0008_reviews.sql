-- MG-2: merges of accounts that are not one person's by their records wait for practices.

ALTER TABLE merges ADD COLUMN under_review boolean NOT NULL DEFAULT false;
ALTER TABLE merges ADD COLUMN approved_at timestamptz;
ALTER TABLE merges ADD CHECK (NOT under_review OR (approved_at IS NULL AND applied = '{}'));
COMMENT ON COLUMN merges.under_review IS 'Practices decide (reviews); neither account is busy meanwhile. A refusal may come first.';
COMMENT ON COLUMN merges.approved_at IS 'When the last practice approved that had to: since then identity is asked. Null: nobody had to.';
DROP INDEX merges_open;
CREATE INDEX merges_open ON merges ((coalesce(approved_at, requested_at)), merge_id)
    WHERE ended_at IS NULL AND NOT under_review;

CREATE TABLE reviews (
    merge_id          uuid        PRIMARY KEY REFERENCES merges,
    survivor_id       uuid        NOT NULL,
    absorbed_id       uuid        NOT NULL,
    survivor_version  bigint      NOT NULL,
    absorbed_version  bigint      NOT NULL,
    review_until      timestamptz NOT NULL,
    survivor_approver uuid,
    absorbed_approver uuid,
    ended_at          timestamptz
);
COMMENT ON TABLE reviews IS 'MG-2: what practices decide. One UPDATE of the row decides between an approval, a rejection and the time.';
COMMENT ON COLUMN reviews.survivor_version IS 'The security version that was proven: once it has grown, nothing of it may be approved.';
COMMENT ON COLUMN reviews.survivor_approver IS 'The practice that approved for the survivor''s side; one that has records of both approves for both.';
COMMENT ON COLUMN reviews.ended_at IS 'When it was approved or refused; merges says which.';
CREATE UNIQUE INDEX reviews_pair ON reviews
    (least(survivor_id, absorbed_id), greatest(survivor_id, absorbed_id)) WHERE ended_at IS NULL;
CREATE INDEX reviews_open ON reviews (review_until) WHERE ended_at IS NULL;

CREATE TABLE reviewers (
    practice_id uuid    NOT NULL,
    merge_id    uuid    NOT NULL REFERENCES reviews,
    of_survivor boolean NOT NULL,
    of_absorbed boolean NOT NULL CHECK (of_survivor OR of_absorbed),
    PRIMARY KEY (practice_id, merge_id)
);
COMMENT ON TABLE reviewers IS 'MG-2: the practices that had records of either account as the review was asked for: they see it, and decide. Who gets a record later decides nothing.';

COMMENT ON TABLE told_refusals IS 'Of releases before there were reviews, one of which may run beside this one; nothing else reads it.';
