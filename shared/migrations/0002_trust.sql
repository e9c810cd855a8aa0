CREATE TABLE own_keys (
    kid text PRIMARY KEY,
    purpose text NOT NULL CHECK (purpose IN ('signing', 'sealing')),
    generation integer NOT NULL CHECK (generation > 0),
    public_raw bytea NOT NULL CHECK (octet_length(public_raw) = 32),
    private_sealed bytea NOT NULL,
    usable_from timestamptz NOT NULL,
    usable_until timestamptz CHECK (usable_until > usable_from),
    created_at timestamptz NOT NULL,
    UNIQUE (purpose, generation)
);
COMMENT ON TABLE own_keys IS 'Key pairs of this service: Ed25519 to sign, X25519 to open seals';
COMMENT ON COLUMN own_keys.generation IS 'Counts up within a purpose; the unique key lets one replica win';
COMMENT ON COLUMN own_keys.private_sealed IS 'AES-256-GCM under the key-encryption key, bound to kid and purpose';
COMMENT ON COLUMN own_keys.usable_until IS 'Set when a following key takes over; others refuse the key after it';

CREATE TABLE own_keys_version (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    version bigint NOT NULL
);
INSERT INTO own_keys_version (version) VALUES (0);
COMMENT ON TABLE own_keys_version IS 'One row: the version of the last published snapshot of own_keys, and its lock';

CREATE TABLE public_keys (
    issuer text PRIMARY KEY,
    version bigint NOT NULL,
    keys jsonb NOT NULL,
    applied_at timestamptz NOT NULL
);
COMMENT ON TABLE public_keys IS 'The newest set of public keys each other service has published';
COMMENT ON COLUMN public_keys.keys IS 'A list of PublicKey as in the event keys-changed';

CREATE TABLE spent_grants (
    issuer text NOT NULL,
    jti text NOT NULL,
    act text NOT NULL,
    spent_at timestamptz NOT NULL,
    PRIMARY KEY (issuer, jti)
);
COMMENT ON TABLE spent_grants IS 'Proofs whose grant was spent; the primary key lets one through';
COMMENT ON COLUMN spent_grants.jti IS 'The id of the proof, the same in every grant fetched for it';

CREATE TABLE audit_entries (
    id uuid NOT NULL,
    at timestamptz NOT NULL,
    actor text NOT NULL,
    subject text,
    practice text,
    source text NOT NULL,
    action text NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('done', 'refused')),
    detail text,
    reason text,
    correlation_id uuid NOT NULL,
    traceparent text,
    PRIMARY KEY (at, id)
) PARTITION BY RANGE (at);
CREATE TABLE audit_entries_default PARTITION OF audit_entries DEFAULT;
COMMENT ON TABLE audit_entries IS 'AU-1: who did what to whom; the service may add rows, not change or delete them';
COMMENT ON COLUMN audit_entries.detail IS 'A code; never a secret, never personal data';
COMMENT ON COLUMN audit_entries.reason IS 'What a staff member gave as the reason';
COMMENT ON TABLE audit_entries_default IS 'Only what fits no month; migrate moves it when it makes that month';

CREATE TABLE audit_pending (
    id uuid PRIMARY KEY,
    at timestamptz NOT NULL
);
COMMENT ON TABLE audit_pending IS 'Entries that the chaining loop has yet to place, written with the entry';

CREATE TABLE audit_chain (
    place bigint PRIMARY KEY CHECK (place > 0),
    entry_id uuid NOT NULL UNIQUE,
    entry_at timestamptz NOT NULL,
    entry_digest bytea NOT NULL CHECK (octet_length(entry_digest) = 32),
    hash bytea NOT NULL CHECK (octet_length(hash) = 32),
    chained_at timestamptz NOT NULL
);
COMMENT ON TABLE audit_chain IS 'The place of each entry, and a hash over it and all before it';
COMMENT ON COLUMN audit_chain.entry_digest IS 'SHA-256 of the entry; the chain can be checked after an old month is dropped';
COMMENT ON COLUMN audit_chain.hash IS 'SHA-256 of the hash before, the place and the digest';

CREATE TABLE audit_anchors (
    month date PRIMARY KEY,
    place bigint NOT NULL,
    hash bytea NOT NULL CHECK (octet_length(hash) = 32)
);
COMMENT ON TABLE audit_anchors IS 'Where the chain stood when a month began: older months can be dropped after six years';
