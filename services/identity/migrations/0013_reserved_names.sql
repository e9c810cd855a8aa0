-- A name that was given up stays its holder's for a while (ID-2): until when, and then it is free.

ALTER TABLE log_on_names ADD COLUMN reserved_until timestamptz;
ALTER TABLE log_on_names ADD CHECK ((kind = 'reserved') = (reserved_until IS NOT NULL));
COMMENT ON COLUMN log_on_names.reserved_until IS 'Of a reserved name: when whoever comes first may take it.';
CREATE INDEX log_on_names_reserved ON log_on_names (reserved_until) WHERE kind = 'reserved';
