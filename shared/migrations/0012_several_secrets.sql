-- An owner may have several live secrets of a purpose that says so: each mail about credentials has
-- a link of its own, and a newer one voids none (RC-9).

ALTER TABLE one_time_secrets ADD COLUMN several boolean NOT NULL DEFAULT false;
CREATE UNIQUE INDEX one_time_secrets_only_one ON one_time_secrets (purpose, owner)
    WHERE state = 'live' AND NOT several;
DROP INDEX one_time_secrets_one_live;
COMMENT ON TABLE one_time_secrets IS 'Links and tokens: at most one live one a purpose and owner, unless it is one of several, known by its digest alone. Swept past kept_until.';
COMMENT ON COLUMN one_time_secrets.several IS 'Its purpose lets an owner have more than one that lives.';
