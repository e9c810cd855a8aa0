-- MG-6: of which proofs it was told already that they are not of one person.

CREATE TABLE told_refusals (
    survivor_proof text        COLLATE "C" NOT NULL,
    absorbed_proof text        COLLATE "C" NOT NULL,
    told_at        timestamptz NOT NULL,
    PRIMARY KEY (survivor_proof, absorbed_proof)
);
COMMENT ON TABLE told_refusals IS 'MG-6: a refusal spends no proof, so the same two may be sent again; the primary key lets one telling through.';
COMMENT ON COLUMN told_refusals.survivor_proof IS 'The jti of the re-authentication.';
COMMENT ON COLUMN told_refusals.absorbed_proof IS 'The jti of the proof of the other account.';
COMMENT ON COLUMN told_refusals.told_at IS 'Swept an hour later: by then both grants have expired.';
CREATE INDEX told_refusals_age ON told_refusals (told_at);
