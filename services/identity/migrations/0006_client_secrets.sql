-- A client's secret can be rotated, and a client revoked (ST-1).

ALTER TABLE clients
    ADD COLUMN former_digest bytea CHECK (length(former_digest) = 32),
    ADD COLUMN former_until  timestamptz,
    ADD COLUMN revoked_at    timestamptz,
    ADD CONSTRAINT clients_former CHECK ((former_digest IS NULL) = (former_until IS NULL));
CREATE INDEX clients_revoked ON clients (revoked_at) WHERE revoked_at IS NOT NULL;
COMMENT ON COLUMN clients.former_digest IS 'Keyed digest of the secret before, which goes on until former_until.';
COMMENT ON COLUMN clients.revoked_at IS 'Null while the client may obtain tokens; for good once it is set.';
