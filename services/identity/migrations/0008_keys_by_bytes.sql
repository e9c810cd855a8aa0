-- As in the shared migration of this name: who may log on by which name rests on these keys.

ALTER TABLE account_emails
    ALTER COLUMN address_key TYPE text COLLATE "C",
    ALTER COLUMN state TYPE text COLLATE "C";
ALTER TABLE clients ALTER COLUMN id TYPE text COLLATE "C";
ALTER TABLE email_verifications ALTER COLUMN address_key TYPE text COLLATE "C";
ALTER TABLE log_on_names ALTER COLUMN name_key TYPE text COLLATE "C";
ALTER TABLE patients ALTER COLUMN number TYPE text COLLATE "C";
ALTER TABLE terms_acceptances ALTER COLUMN version TYPE text COLLATE "C";

INSERT INTO locks (name) VALUES ('merges');

COMMENT ON COLUMN log_on_names.name_key IS 'Trimmed, NFKC and casefold; of an address that is the local part, and the domain is its A-label. `names re-key` brings what an older release wrote to this form.';
