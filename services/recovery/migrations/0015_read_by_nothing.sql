-- Of who has used her one validation phone and address are read no more (RC-6): a sweep drops them.
CREATE INDEX accounts_validated ON accounts (account_id) WHERE validated;

-- Nothing reads whose record a token was given for: written no more, and a later release drops it.
ALTER TABLE practice_tokens ALTER COLUMN patient_id DROP NOT NULL;
UPDATE practice_tokens SET patient_id = NULL;
