-- Mails to people who have neither an account nor a patient record yet: they ask to be enrolled (EN-4).

ALTER TABLE deliveries DROP CONSTRAINT deliveries_account;
ALTER TABLE deliveries ADD CONSTRAINT deliveries_account CHECK (
    account_id IS NOT NULL OR reason IS NOT DISTINCT FROM 'no_account' OR class = 'account-activity'
);
