-- A practice finds its records, corrects them, and sees what it has handed out (ST-1).

CREATE TABLE patient_names (
    practice_id uuid NOT NULL REFERENCES practices (id),
    form        text COLLATE "C" NOT NULL,
    patient_id  uuid NOT NULL REFERENCES patients (id),
    PRIMARY KEY (practice_id, form, patient_id)
);
CREATE INDEX patient_names_patient ON patient_names (patient_id);
COMMENT ON TABLE patient_names IS 'The forms under which a record''s last name is found: those by which names are compared (EN-1).';

ALTER TABLE patients ADD COLUMN named boolean NOT NULL DEFAULT false;
CREATE INDEX patients_unnamed ON patients (id) WHERE NOT named;
CREATE INDEX patients_born ON patients (practice_id, birth_date, id);
COMMENT ON COLUMN patients.named IS 'Its forms are in patient_names. False where a release without them wrote it: a loop adds them.';

ALTER TABLE accounts ADD COLUMN email_waived boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN accounts.email_waived IS 'A practice says that she has no e-mail: after RC-6 none is required of her.';

CREATE TABLE handed_out (
    secret_id   uuid        PRIMARY KEY REFERENCES one_time_secrets (id) ON DELETE CASCADE,
    practice_id uuid        NOT NULL REFERENCES practices (id),
    patient_id  uuid        NOT NULL REFERENCES patients (id),
    staff       text,
    issued_at   timestamptz NOT NULL
);
CREATE INDEX handed_out_practice ON handed_out (practice_id, issued_at, secret_id);
CREATE INDEX handed_out_patient ON handed_out (patient_id, issued_at, secret_id);
COMMENT ON TABLE handed_out IS 'Which practice gave a token, an invitation or a temporary username, and by whom; gone with its secret.';
COMMENT ON COLUMN handed_out.staff IS 'As the practice names her; null of before this table: she is in the audit.';

INSERT INTO handed_out (secret_id, practice_id, patient_id, issued_at)
SELECT s.id, p.practice_id, p.id, s.issued_at
FROM one_time_secrets s JOIN patients p ON p.id = s.owner
WHERE s.purpose IN ('enrolment-token', 'invitation', 'temporary-username');
