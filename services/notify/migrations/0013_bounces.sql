-- What mail servers give back, and addresses that no mailbox stands behind (NT-5).

ALTER TABLE deliveries ADD COLUMN bounce_status text;
ALTER TABLE deliveries ADD CONSTRAINT deliveries_bounced CHECK (bounce_status IS NULL OR state = 'bounced');
COMMENT ON COLUMN deliveries.bounce_status IS 'RFC 3463: why it came back, where its report says so.';

CREATE TABLE suppressions (
    address     text COLLATE "C" PRIMARY KEY,
    since       timestamptz NOT NULL,
    status      text        NOT NULL,
    delivery_id uuid        NOT NULL REFERENCES deliveries (id)
);
COMMENT ON TABLE suppressions IS 'NT-5: no mail is sent to these, but what somebody asks for.';
COMMENT ON COLUMN suppressions.address IS 'In the one form under which addresses are compared: log_on_names.name_key.';
COMMENT ON COLUMN suppressions.delivery_id IS 'The mail that was refused or came back.';
CREATE INDEX suppressions_since ON suppressions (since);
