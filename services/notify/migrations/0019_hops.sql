-- A mail that came back goes on to the next address of its order; a report of one address says nothing
-- of the next (NT-2, NT-5).

ALTER TABLE deliveries ADD COLUMN hop smallint NOT NULL DEFAULT 0 CHECK (hop >= 0);
COMMENT ON COLUMN deliveries.hop IS 'How many addresses of its order failed before this one; it is in the tag of its return path.';
