-- Patient records are looked up by their id for each communication that is submitted, filed or
-- claimed. By containment in a JSON column the planner expects a hundredth of all accounts.

CREATE TABLE patient_records (
    patient_id  uuid NOT NULL,
    account_id  uuid NOT NULL,
    practice_id uuid NOT NULL,
    state       text NOT NULL CHECK (state IN ('enrolled', 'un-enrolled')),
    PRIMARY KEY (patient_id, account_id)
);
COMMENT ON TABLE patient_records IS 'The enrolments of the account snapshot applied last; of a merged account those it had.';
CREATE INDEX patient_records_by_account ON patient_records (account_id);

INSERT INTO patient_records (patient_id, account_id, practice_id, state)
SELECT (one ->> 'patient_id')::uuid, id, (one ->> 'practice_id')::uuid, one ->> 'state'
FROM accounts CROSS JOIN LATERAL jsonb_array_elements(enrolments) AS one;

ALTER TABLE accounts DROP COLUMN enrolments;
