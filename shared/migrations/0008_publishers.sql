-- Who published a message, as the broker vouches for it; types of another release; what is kept how long.

ALTER TABLE inbox ADD COLUMN publisher text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE inbox DROP CONSTRAINT inbox_pkey;
ALTER TABLE inbox ADD PRIMARY KEY (consumer, publisher, event_id);
COMMENT ON COLUMN inbox.publisher IS 'Whose event it is: ids are one service''s own, so none can take another''s first. Empty: taken by a release that did not know; it stands for every publisher.';

ALTER TABLE inbox_retry ADD COLUMN publisher text;
COMMENT ON COLUMN inbox_retry.exchange IS 'Where it was published.';
COMMENT ON COLUMN inbox_retry.publisher IS 'The user that the broker vouches for. Null: kept by a release before this one; then it is the owner of its exchange, where only that one may write.';

ALTER TABLE dead_letters ADD COLUMN publisher text;
ALTER TABLE dead_letters DROP CONSTRAINT dead_letters_reason_check;
ALTER TABLE dead_letters ADD CONSTRAINT dead_letters_reason_check CHECK (reason IN (
    'unreadable', 'wrong_publisher', 'unknown_type', 'schema', 'undeliverable', 'exhausted', 'broker'
));
-- Its name stays: a release before this one goes by it, and may run beside this one.
ALTER TABLE dead_letters DROP COLUMN body_digest;
ALTER TABLE dead_letters ADD COLUMN body_digest bytea GENERATED ALWAYS AS (
    sha256(sha256(replace(coalesce(publisher, ''), '\', '\\')::bytea) || body)
) STORED;
ALTER TABLE dead_letters ADD UNIQUE (consumer, body_digest);
COMMENT ON COLUMN dead_letters.body_digest IS 'One row for one message of one publisher, however often the broker delivers it.';
CREATE INDEX dead_letters_died ON dead_letters (died_at);
COMMENT ON TABLE dead_letters IS 'Messages that no further try will mend by itself: listed, replayed or discarded by an operator''s verb; deleted after 30 days.';
COMMENT ON COLUMN dead_letters.exchange IS 'Where it was published; of one that RabbitMQ gave up, what its x-death header says: nobody is believed for it.';
COMMENT ON COLUMN dead_letters.publisher IS 'As in inbox_retry. Empty: nobody, whatever its exchange.';
COMMENT ON COLUMN dead_letters.reason IS 'unreadable: no envelope; wrong_publisher: not sent by whose type it is; unknown_type: of another release, taken up by a replica that knows it; schema: data not of its contract; undeliverable: the handler said so; exhausted: every try failed; broker: given up by RabbitMQ.';
UPDATE dead_letters SET publisher = '' WHERE reason = 'broker';
