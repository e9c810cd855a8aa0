-- What practices submitted waits here until it is in the ledger, and practices take turns (NT-9).

ALTER TABLE communications
    ADD COLUMN correlation_id uuid,
    ADD COLUMN due_at timestamptz DEFAULT '-infinity',
    ADD COLUMN attempts integer NOT NULL DEFAULT 0,
    ADD COLUMN waits_for text;
COMMENT ON TABLE communications IS 'NT-9: what practices submitted; the key makes a submission idempotent for ever. With due_at: it waits for the ledger.';
COMMENT ON COLUMN communications.due_at IS 'When it is tried (next); null: it is in the ledger. A release that names none says so by an event as well: then the keys of the ledger make it one.';
COMMENT ON COLUMN communications.attempts IS 'Tries that came before what it waits for.';
UPDATE communications SET due_at = NULL
WHERE EXISTS (SELECT FROM deliveries WHERE deliveries.event_id = communications.event_id);
CREATE INDEX communications_waiting ON communications (practice_id, due_at) WHERE due_at IS NOT NULL;

-- What waited on its way as an event waits here.

DELETE FROM outbox WHERE routing_key = 'notify.communication-submitted.v1';
DELETE FROM inbox_retry WHERE consumer = 'notify.practice-communications';
DELETE FROM dead_letters WHERE consumer = 'notify.practice-communications';
