-- Idempotency keys are kept as digests: what a body says is not to be tried against the digest of it alone.

COMMENT ON COLUMN idempotency_keys.key IS 'A keyed digest of the key, in hexadecimal digits.';
COMMENT ON COLUMN idempotency_keys.body_digest IS 'A keyed digest of the key, the path''s ids and the body.';
