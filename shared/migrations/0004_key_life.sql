-- A key's whole life: taken into use once its publication is confirmed, ended, or revoked.

ALTER TABLE own_keys
    ADD COLUMN announced_by uuid,
    ALTER COLUMN private_sealed DROP NOT NULL,
    DROP CONSTRAINT own_keys_check,
    ADD CONSTRAINT own_keys_span CHECK (usable_until >= usable_from),
    ADD CONSTRAINT own_keys_revoked
        CHECK ((private_sealed IS NULL) = (coalesce(usable_until = usable_from, false)));
COMMENT ON COLUMN own_keys.announced_by IS 'The event that published it: while that is in the outbox the key is in nobody''s hands, and the one before is used';
COMMENT ON COLUMN own_keys.private_sealed IS 'AES-256-GCM under the key-encryption key, bound to kid and purpose; null once revoked';
COMMENT ON COLUMN own_keys.usable_until IS 'Set when a following key has taken over: others refuse the key after it. Equal to usable_from: revoked, good for nothing at any time';
COMMENT ON COLUMN own_keys_version.version IS 'Microseconds since 1970, or one more than the last: ahead of what others hold, also after a backup was restored';
