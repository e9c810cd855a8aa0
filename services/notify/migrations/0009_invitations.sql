-- Mails to patients who have no account yet (EN-3): filed by their patient record. A newer invitation of
-- the record voids what waits with an older one (NT-6).

ALTER TABLE deliveries DROP CONSTRAINT deliveries_account, DROP CONSTRAINT deliveries_of_practice;
ALTER TABLE deliveries
    ADD CONSTRAINT deliveries_account CHECK (
        account_id IS NOT NULL OR reason IS NOT DISTINCT FROM 'no_account'
        OR (class = 'account-activity' AND patient_id IS NOT NULL)
    ),
    ADD CONSTRAINT deliveries_of_practice CHECK (
        (class = 'practice-communication') = (practice_id IS NOT NULL)
        AND (practice_id IS NULL OR patient_id IS NOT NULL)
        AND (practice_id IS NULL) = (topic IS NULL)
        AND (practice_id IS NULL) = (reference IS NULL)
    );
COMMENT ON COLUMN deliveries.account_id IS 'Whose it is; null: who is told, or meant, has no account.';
COMMENT ON COLUMN deliveries.patient_id IS 'Of a practice communication, and of who is told without an account.';
CREATE INDEX deliveries_by_patient ON deliveries (patient_id) WHERE account_id IS NULL;
