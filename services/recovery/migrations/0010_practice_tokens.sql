-- RC-5: tokens of eight digits that practices give out, and what each is compared with.

CREATE TABLE practice_tokens (
    secret_id   uuid PRIMARY KEY REFERENCES one_time_secrets (id) ON DELETE CASCADE,
    practice_id uuid NOT NULL,
    patient_id  uuid NOT NULL,
    staff       text,
    hash        text NOT NULL
);
COMMENT ON TABLE practice_tokens IS 'Which practice gave a reset token, to whom and by whom; gone with its secret, whose owner is the account.';
COMMENT ON COLUMN practice_tokens.staff IS 'As the practice names her.';
COMMENT ON COLUMN practice_tokens.hash IS 'Slow, salted and under a pepper: eight digits are found from any digest that is quick to make. So nothing is looked up by it.';
