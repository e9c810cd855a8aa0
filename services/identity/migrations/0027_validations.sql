-- RC-6: a password is set by validation once in an account's life.

ALTER TABLE accounts ADD COLUMN validated_at timestamptz;
COMMENT ON COLUMN accounts.validated_at IS
    'When a password was set by once-only validation; never again after that, and until an account e-mail is verified every session asks for one.';
