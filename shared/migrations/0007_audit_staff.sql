-- Who acted for whom, in columns of their own: after a leak one asks by client, not by staff member.

ALTER TABLE audit_entries ADD COLUMN client text, ADD COLUMN staff text;

COMMENT ON COLUMN audit_entries.client IS 'The practice''s or gateway''s client whose token was shown; null for a person';
COMMENT ON COLUMN audit_entries.staff IS 'The staff member at that client''s practice, as the client says';
