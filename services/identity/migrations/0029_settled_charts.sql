-- ST-1, MG-5: duplicate charts that their practice has settled.

CREATE TABLE settled_charts (
    id          uuid        PRIMARY KEY,
    practice_id uuid        NOT NULL REFERENCES practices (id),
    patient_ids uuid[]      NOT NULL UNIQUE CHECK (cardinality(patient_ids) >= 2),
    kept        uuid[]      NOT NULL
        CHECK (cardinality(kept) >= 1 AND kept <@ patient_ids),
    settled_at  timestamptz NOT NULL
);
COMMENT ON TABLE settled_charts IS 'MG-5: the same patient records are settled once, by whoever is first.';
COMMENT ON COLUMN settled_charts.patient_ids IS 'In the order of their ids, so that the same records are the same key.';
COMMENT ON COLUMN settled_charts.kept IS 'Those that stay; the enrolments of the others have ended.';
