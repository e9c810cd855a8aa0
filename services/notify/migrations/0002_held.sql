-- Ledger views per class (NT-1), deliveries held for an operator (NT-6), and communications for a
-- patient record that nobody has an account for.

ALTER TABLE deliveries ALTER COLUMN account_id DROP NOT NULL;
ALTER TABLE deliveries ADD CONSTRAINT deliveries_account CHECK (account_id IS NOT NULL OR reason IS NOT DISTINCT FROM 'no_account');
COMMENT ON COLUMN deliveries.account_id IS 'Whose it is; null: no account was known for the patient record, nothing is sent.';

DROP INDEX deliveries_by_account;
CREATE INDEX deliveries_by_account ON deliveries (account_id, class, created_at DESC);
CREATE INDEX deliveries_held ON deliveries (created_at) WHERE state = 'unknown';
