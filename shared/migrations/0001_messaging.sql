-- The outbox, the inbox, and what waits or has ended between them. The same in every service.

CREATE TABLE outbox (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id     uuid        NOT NULL UNIQUE,
    exchange     text        NOT NULL,
    routing_key  text        NOT NULL,
    body         bytea       NOT NULL,
    created_at   timestamptz NOT NULL,
    available_at timestamptz NOT NULL,
    attempts     integer     NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    last_error   text,
    CHECK ((attempts = 0) = (last_error IS NULL))
) WITH (
    autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000,
    autovacuum_vacuum_cost_delay = 0, fillfactor = 80
);
CREATE INDEX outbox_due ON outbox (exchange, available_at, id);
COMMENT ON TABLE outbox IS 'Events not yet confirmed by the broker, written in the transaction of the change they tell; a confirmed row is deleted.';
COMMENT ON COLUMN outbox.event_id IS 'Minted once, at the insert: the message id, and what an inbox knows the event by.';
COMMENT ON COLUMN outbox.body IS 'The CloudEvents envelope in JSON, as it goes to the broker.';
COMMENT ON COLUMN outbox.available_at IS 'Not published before this time; set forward after a return or a nack.';
COMMENT ON COLUMN outbox.attempts IS 'How often the broker returned or refused this row; being away does not count.';

CREATE TABLE inbox (
    consumer    text        NOT NULL,
    event_id    uuid        NOT NULL,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (consumer, event_id)
);
CREATE INDEX inbox_received ON inbox USING brin (received_at);
COMMENT ON TABLE inbox IS 'Events a consumer has taken, so that a second delivery has no second effect; rows live 45 days, lasting effects have unique keys of their own.';
COMMENT ON COLUMN inbox.consumer IS 'The queue it came from.';

CREATE TABLE inbox_retry (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    consumer    text        NOT NULL,
    exchange    text        NOT NULL,
    body        bytea       NOT NULL,
    taken       boolean     NOT NULL,
    attempts    integer     NOT NULL CHECK (attempts >= 0),
    due_at      timestamptz NOT NULL,
    error       text        NOT NULL,
    created_at  timestamptz NOT NULL
);
CREATE INDEX inbox_retry_due ON inbox_retry (consumer, due_at, id);
COMMENT ON TABLE inbox_retry IS 'Messages whose handler failed, or that an operator replays, waiting for their next try.';
COMMENT ON COLUMN inbox_retry.exchange IS 'Where it was published: only its owner may write there, so this and not the body says who sent it.';
COMMENT ON COLUMN inbox_retry.taken IS 'Its inbox row is this entry''s own. False: the inbox is asked first, since the event may have taken effect another way.';
COMMENT ON COLUMN inbox_retry.error IS 'What the last try ended with; it may quote the body, and never goes to a log.';

CREATE TABLE dead_letters (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    consumer     text        NOT NULL,
    exchange     text        NOT NULL,
    body         bytea       NOT NULL,
    body_digest  bytea       GENERATED ALWAYS AS (sha256(body)) STORED,
    event_id     uuid,
    event_type   text,
    taken        boolean     NOT NULL,
    reason       text        NOT NULL
        CHECK (reason IN ('unreadable', 'schema', 'undeliverable', 'exhausted', 'broker')),
    detail       text        NOT NULL,
    attempts     integer     NOT NULL CHECK (attempts >= 0),
    died_at      timestamptz NOT NULL,
    UNIQUE (consumer, body_digest)
);
COMMENT ON TABLE dead_letters IS 'Messages that no further try will mend by itself: listed, replayed or discarded by an operator''s verb.';
COMMENT ON COLUMN dead_letters.exchange IS 'As in inbox_retry.';
COMMENT ON COLUMN dead_letters.body_digest IS 'One row for one message, however often the broker delivers it.';
COMMENT ON COLUMN dead_letters.event_id IS 'Null where the envelope could not be read.';
COMMENT ON COLUMN dead_letters.taken IS 'As in inbox_retry: whether its inbox row is this entry''s own.';
COMMENT ON COLUMN dead_letters.reason IS 'unreadable: no envelope; schema: data not of its contract; undeliverable: the handler said so; exhausted: every try failed; broker: given up by RabbitMQ.';
COMMENT ON COLUMN dead_letters.detail IS 'What exactly: a JSON path, the type of an error, the broker''s own word.';
