-- A username in a reminder's content (RC-1) is kept no longer than somebody may have to send it.

UPDATE deliveries SET content = content - 'username'
WHERE content ->> 'username' IS NOT NULL AND state NOT IN ('queued', 'sending', 'unknown');

ALTER TABLE deliveries ADD CONSTRAINT deliveries_username_only_while_open
    CHECK (content ->> 'username' IS NULL OR state IN ('queued', 'sending', 'unknown'));
COMMENT ON COLUMN deliveries.content IS 'The template''s declared variables; no secret is among them, and a username only until the mail''s end is known.';
