-- MG-1 to MG-5, MG-9: merges under way and ended, and what lasts of them.

ALTER TABLE accounts ADD COLUMN patient_ids uuid[] NOT NULL DEFAULT '{}';
UPDATE accounts SET patient_ids = ARRAY(
    SELECT patient_id FROM persons WHERE persons.account_id = accounts.account_id
);
COMMENT ON TABLE accounts IS 'Projection of account-changed.';
COMMENT ON COLUMN accounts.patient_ids IS 'The patient records of its enrolments, the un-enrolled ones too: MG-2 waits until persons has each. Snapshots from before this column were filled from persons.';

CREATE TABLE merges (
    merge_id     uuid        PRIMARY KEY,
    survivor_id  uuid        NOT NULL,
    absorbed_id  uuid        NOT NULL CHECK (absorbed_id <> survivor_id),
    applied      text[]      NOT NULL DEFAULT '{}'
        CHECK (applied <@ ARRAY['identity', 'recovery', 'notify']),
    refusal      text,
    requested_at timestamptz NOT NULL,
    ended_at     timestamptz CHECK (ended_at >= requested_at),
    CHECK (refusal IS NULL OR applied = '{}'),
    CHECK (ended_at IS NULL OR refusal IS NOT NULL
        OR applied @> ARRAY['identity', 'recovery', 'notify'])
);
COMMENT ON TABLE merges IS 'MG-9: what the saga has heard of each merge. Its state is what these facts say: refused, completed (all have applied), applying (one has), requested.';
COMMENT ON COLUMN merges.survivor_id IS 'The account that asked; it may be absorbed by another merge later.';
COMMENT ON COLUMN merges.applied IS 'The services that have united the accounts in what they own, each once.';
COMMENT ON COLUMN merges.refusal IS 'The code by which identity refused; then nobody applies anything.';
COMMENT ON COLUMN merges.ended_at IS 'When it was completed or refused; both accounts are free from then on.';
CREATE INDEX merges_open ON merges (requested_at) WHERE ended_at IS NULL;
CREATE INDEX merges_survivor ON merges (survivor_id, requested_at DESC);

CREATE TABLE busy_accounts (
    account_id uuid PRIMARY KEY,
    merge_id   uuid NOT NULL REFERENCES merges
);
COMMENT ON TABLE busy_accounts IS 'MG-3: the accounts of open merges; the primary key lets one merge at a time have an account.';
CREATE INDEX busy_accounts_merge ON busy_accounts (merge_id);

CREATE TABLE absorptions (
    absorbed_id uuid        PRIMARY KEY,
    survivor_id uuid        NOT NULL CHECK (survivor_id <> absorbed_id),
    merge_id    uuid        NOT NULL UNIQUE REFERENCES merges,
    absorbed_at timestamptz NOT NULL
);
COMMENT ON TABLE absorptions IS 'MG-9: into which account an absorbed one went, for ever.';
COMMENT ON COLUMN absorptions.survivor_id IS 'Flattened at each merge: never an absorbed account itself.';
COMMENT ON COLUMN absorptions.merge_id IS 'The merge that absorbed it, whoever survives by now.';
CREATE INDEX absorptions_survivor ON absorptions (survivor_id);

CREATE TABLE person_conflicts (
    merge_id    uuid        NOT NULL REFERENCES merges,
    practice_id uuid        NOT NULL,
    patient_ids uuid[]      NOT NULL CHECK (cardinality(patient_ids) >= 2),
    found_at    timestamptz NOT NULL,
    PRIMARY KEY (merge_id, practice_id)
);
COMMENT ON TABLE person_conflicts IS 'MG-5: duplicate charts, merge_person_conflict: one account with several patient records of one practice.';
CREATE INDEX person_conflicts_practice ON person_conflicts (practice_id, found_at DESC);
