-- Keys are compared by their bytes: a locale that sorts otherwise after an upgrade of the machine
-- loses rows in an index of its own, and lets a second one in past a unique key.

ALTER TABLE schema_migrations ALTER COLUMN folder TYPE text COLLATE "C";
ALTER TABLE outbox ALTER COLUMN exchange TYPE text COLLATE "C";
ALTER TABLE inbox ALTER COLUMN consumer TYPE text COLLATE "C";
ALTER TABLE inbox_retry ALTER COLUMN consumer TYPE text COLLATE "C";
ALTER TABLE dead_letters ALTER COLUMN consumer TYPE text COLLATE "C";
ALTER TABLE own_keys
    ALTER COLUMN kid TYPE text COLLATE "C",
    ALTER COLUMN purpose TYPE text COLLATE "C";
ALTER TABLE public_keys ALTER COLUMN issuer TYPE text COLLATE "C";
ALTER TABLE spent_grants
    ALTER COLUMN issuer TYPE text COLLATE "C",
    ALTER COLUMN jti TYPE text COLLATE "C";
ALTER TABLE idempotency_keys
    ALTER COLUMN caller TYPE text COLLATE "C",
    ALTER COLUMN verb TYPE text COLLATE "C",
    ALTER COLUMN key TYPE text COLLATE "C";
ALTER TABLE source_budget ALTER COLUMN source TYPE text COLLATE "C";

CREATE TABLE locks (
    name text COLLATE "C" PRIMARY KEY
);
INSERT INTO locks (name) VALUES ('audit chain');
COMMENT ON TABLE locks IS
    'A row for each work that one transaction does at a time, which locks it: nobody else can, while an advisory lock is open to all who may connect';

CREATE INDEX spent_grants_spent ON spent_grants USING brin (spent_at);
COMMENT ON COLUMN spent_grants.spent_at IS 'Swept 30 days after this: by then its proof brings no grant any more';
