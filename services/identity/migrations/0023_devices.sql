-- Devices: where full sessions have begun, how far each is believed, and a counter of its own (MF-2,
-- LG-2, SE-1, SE-2).

CREATE TABLE devices (
    id              uuid        PRIMARY KEY,
    account_id      uuid        NOT NULL REFERENCES accounts (id),
    digest          bytea       NOT NULL UNIQUE CHECK (length(digest) = 32),
    name            text        CHECK (char_length(name) BETWEEN 1 AND 200),
    agent           text        CHECK (char_length(agent) BETWEEN 1 AND 200),
    made_at         timestamptz NOT NULL,
    used_at         timestamptz NOT NULL,
    known_until     timestamptz NOT NULL,
    trusted_until   timestamptz,
    trusted_version bigint,
    failures        smallint    NOT NULL DEFAULT 0,
    overcome        smallint    NOT NULL DEFAULT 0,
    voided_at       timestamptz,
    CHECK ((trusted_until IS NULL) = (trusted_version IS NULL))
) WITH (fillfactor = 80);
COMMENT ON TABLE devices IS 'MF-2: a row for each account that somebody has logged on to on a device; it is made by the first full session there.';
COMMENT ON COLUMN devices.digest IS 'Of the secret that its client was handed, once. Another account''s secret is no row of this one.';
COMMENT ON COLUMN devices.name IS 'As its holder calls it; at first as its client did.';
COMMENT ON COLUMN devices.agent IS 'As its client called itself last: shown to the holder, never believed.';
COMMENT ON COLUMN devices.used_at IS 'When the last full session began there.';
COMMENT ON COLUMN devices.known_until IS '400 days later: no alert until then, and a counter of its own. Where it is over or void the row is swept.';
COMMENT ON COLUMN devices.trusted_until IS 'Until then no code is asked for, while two-step is on for new devices only.';
COMMENT ON COLUMN devices.trusted_version IS 'The account''s security version of that moment: whatever changes a credential voids trust with it.';
COMMENT ON COLUMN devices.failures IS 'LG-2: wrong passwords in a row with it; the fourth voids it.';
COMMENT ON COLUMN devices.overcome IS 'SE-2: how many of them the last right one came after.';
COMMENT ON COLUMN devices.voided_at IS 'By four wrong passwords, by its holder, or by a freeze. Of any clock: void is void.';
CREATE INDEX devices_of_account ON devices (account_id, used_at);
CREATE INDEX devices_over ON devices (known_until);

ALTER TABLE lockouts ADD COLUMN overcome smallint NOT NULL DEFAULT 0;
COMMENT ON COLUMN lockouts.overcome IS 'SE-2: after how many failures the last right password came. Set and returned by the same statement.';

ALTER TABLE two_steps ADD COLUMN mode text NOT NULL DEFAULT 'every-log-on'
    CHECK (mode IN ('every-log-on', 'new-devices'));
COMMENT ON COLUMN two_steps.mode IS 'MF-2: whether a device can be trusted for 30 days.';

ALTER TABLE sessions
    ADD COLUMN device_id uuid,
    ADD COLUMN failures  smallint NOT NULL DEFAULT 0;
COMMENT ON COLUMN sessions.device_id IS 'Where it began. No foreign key: the device may be swept before it. Null: of before devices were kept.';
COMMENT ON COLUMN sessions.failures IS 'SE-2: after how many wrong passwords it began; told once the second step is taken.';
ALTER TABLE sessions
    DROP CONSTRAINT sessions_ended_by_check,
    ADD CONSTRAINT sessions_ended_by_check CHECK (ended_by IN (
        'holder', 'password-reset', 'password-change', 'email-change', 'refresh-reuse', 'merged',
        'un-enrolled', 'terms-declined', 'second-step', 'second-step-failed', 'two-step-change',
        'two-step-reset', 'revoked', 'too-many', 'device-revoked'
    ));
