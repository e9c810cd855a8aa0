-- ST-1, MG-5: duplicate charts that their practice has settled.

CREATE TABLE settled_charts (
    settlement_id uuid        PRIMARY KEY,
    practice_id   uuid        NOT NULL,
    patient_ids   uuid[]      NOT NULL CHECK (cardinality(patient_ids) >= 2),
    heard_at      timestamptz NOT NULL
);
COMMENT ON TABLE settled_charts IS 'MG-5: a conflict is settled where one of these names all of its records, whichever was heard first.';
CREATE INDEX settled_charts_patients ON settled_charts USING gin (patient_ids);
