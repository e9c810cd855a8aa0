-- Snapshots told again by their owner, and projections rebuilt by who keeps them (ST-3).

CREATE TABLE snapshots_told (
    routing_key text COLLATE "C" NOT NULL,
    subject     text COLLATE "C" NOT NULL,
    told_at     timestamptz      NOT NULL,
    PRIMARY KEY (routing_key, subject)
);
CREATE INDEX snapshots_told_since ON snapshots_told (routing_key, told_at);
COMMENT ON TABLE snapshots_told IS 'When each snapshot of this service''s own was told last, written in the transaction of its change; what was not told since this table is here has no row.';

CREATE TABLE publications (
    snapshots text COLLATE "C" PRIMARY KEY,
    since     timestamptz,
    rebuild   text        NOT NULL,
    run       uuid        NOT NULL,
    after     uuid        NOT NULL,
    published bigint      NOT NULL CHECK (published >= 0)
);
COMMENT ON TABLE publications IS 'Where an operator''s `snapshots publish` is, so that the same verb goes on there; a row is deleted at its end.';
COMMENT ON COLUMN publications.rebuild IS 'The service and generation whose rebuild it is for; empty: for nobody''s.';
COMMENT ON COLUMN publications.run IS 'The fence: the verb called last goes on, one called before it stops.';
COMMENT ON COLUMN publications.after IS 'The subject that was published last, in their order.';

CREATE TABLE rebuilds (
    projection text COLLATE "C" PRIMARY KEY,
    generation bigint      NOT NULL CHECK (generation >= 1),
    begun_at   timestamptz NOT NULL,
    covered    uuid        NOT NULL,
    ended_at   timestamptz
);
COMMENT ON TABLE rebuilds IS 'The generation of each projection that was ever rebuilt: what is kept from now on is of it, what is of an older one was heard before.';
COMMENT ON COLUMN rebuilds.covered IS 'Up to this subject the projection is what its owner has.';

CREATE TABLE listings (
    projection text COLLATE "C" NOT NULL,
    generation bigint           NOT NULL,
    after      uuid             NOT NULL,
    upto       uuid             NOT NULL CHECK (upto > after),
    subjects   uuid[]           NOT NULL,
    PRIMARY KEY (projection, generation, after, upto)
);
COMMENT ON TABLE listings IS 'Which subjects their owner has after one and up to another, as it told for a rebuild; deleted once the projection is so.';
