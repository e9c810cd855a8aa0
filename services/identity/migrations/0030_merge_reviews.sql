-- MG-2: what was proven of merges that practices decide, so that no bearer proof lives for weeks.

CREATE TABLE merge_reviews (
    merge_id         uuid PRIMARY KEY,
    survivor_id      uuid REFERENCES accounts (id),
    absorbed_id      uuid REFERENCES accounts (id),
    survivor_version bigint,
    absorbed_version bigint,
    proven_at        timestamptz,
    approved_at      timestamptz,
    refusal          text,
    CHECK (num_nulls(survivor_id, absorbed_id, survivor_version, absorbed_version, proven_at)
        IN (0, 5)),
    CHECK (num_nonnulls(proven_at, approved_at, refusal) >= 1)
);
COMMENT ON TABLE merge_reviews IS 'MG-2: the facts heard of each review, in any order: proven, approved, ended. What they come to is decided once, in merges.';
COMMENT ON COLUMN merge_reviews.survivor_version IS 'The security version of the proof; an approval counts while both stand.';
COMMENT ON COLUMN merge_reviews.proven_at IS 'When both proofs were checked and spent here. Null: an approval or an end came first.';
COMMENT ON COLUMN merge_reviews.refusal IS 'Why it ended without an approval; none counts any more then.';
