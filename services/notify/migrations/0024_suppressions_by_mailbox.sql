-- A look-alike's refusal suppresses nobody else's mailbox (NT-5); `names re-key` brings the keys along.

COMMENT ON COLUMN suppressions.address IS 'In the one form of its mailbox: addresses.mailbox_key.';
