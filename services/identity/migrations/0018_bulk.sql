-- A practice submits its patients by the thousand (EN-6).

ALTER TABLE patients ADD COLUMN invited_at timestamptz;
COMMENT ON COLUMN patients.invited_at IS 'When it was invited first; null: never. What is submitted again invites nobody a second time.';

UPDATE patients p SET invited_at = first.issued_at
FROM (
    SELECT h.patient_id, min(h.issued_at) AS issued_at
    FROM handed_out h JOIN one_time_secrets s ON s.id = h.secret_id
    WHERE s.purpose = 'invitation'
    GROUP BY h.patient_id
) AS first
WHERE p.id = first.patient_id;
