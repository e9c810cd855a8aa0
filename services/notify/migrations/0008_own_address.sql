-- Whom other services may write to, mails that an operator sends again, and whose story a line of
-- the log belongs to.

ALTER TABLE deliveries ADD COLUMN own_address_only boolean NOT NULL DEFAULT false;
ALTER TABLE deliveries ADD COLUMN resent_at timestamptz;
ALTER TABLE deliveries ADD COLUMN correlation_id uuid;
COMMENT ON COLUMN deliveries.own_address_only IS 'Told by another service than identity: goes to the account''s verified address of now, or nowhere.';
COMMENT ON COLUMN deliveries.resent_at IS 'When an operator had it sent again: the three days until it is given up begin anew.';
COMMENT ON COLUMN deliveries.correlation_id IS 'Of the event; null: filed before it was kept.';

