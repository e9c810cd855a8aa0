-- Two-step is offered once (LG-3), and where it was all that a short password had beside it, a new one is
-- asked for once a practice has taken it away (ID-3).

ALTER TABLE accounts
    ADD COLUMN two_step_answered boolean NOT NULL DEFAULT false,
    ADD COLUMN new_password_due  boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN accounts.two_step_answered IS
    'LG-3: the offer of two-step was declined for good, or taken up; it is made once.';
COMMENT ON COLUMN accounts.new_password_due IS
    'ID-3: a practice has reset two-step under the policy nist; every log-on asks for a new password until there is one.';

UPDATE accounts SET two_step_answered = true
WHERE id IN (SELECT account_id FROM two_steps WHERE on_since IS NOT NULL);
