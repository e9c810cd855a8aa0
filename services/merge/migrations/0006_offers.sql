-- MG-7, MG-8: likely the same person, found by an index; and offers that were skipped.

ALTER TABLE persons ADD COLUMN phone_end text COLLATE "C";
ALTER TABLE persons ADD COLUMN address_form text COLLATE "C";
COMMENT ON COLUMN persons.phone_end IS 'The last digits of home_phone, equal for two that are one phone. Of snapshots from before this column: filled by `projection rebuild persons`.';
COMMENT ON COLUMN persons.address_form IS 'Letters and digits of address, equal for two that are one. Filled like phone_end.';
CREATE INDEX persons_phone ON persons (birth_date, phone_end) WHERE phone_end IS NOT NULL;
CREATE INDEX persons_address ON persons (birth_date, address_form) WHERE address_form IS NOT NULL;

CREATE TABLE skipped_offers (
    account_id uuid        PRIMARY KEY,
    skipped_at timestamptz NOT NULL,
    quiet_until date       NOT NULL
);
COMMENT ON TABLE skipped_offers IS 'MG-7: who has once skipped the offer is not offered a merge at the log-on again, but on the home page.';
COMMENT ON COLUMN skipped_offers.quiet_until IS 'The first day, in the account''s time zone, on which it is offered again.';
