-- Sessions that are narrowed: their earlier access tokens are void, the session goes on (SE-1, UN-1).

ALTER TABLE sessions ADD COLUMN not_before timestamptz;
COMMENT ON COLUMN sessions.not_before IS 'Access tokens issued before it are void; later than every one handed out until then. Null: never narrowed.';
COMMENT ON COLUMN sessions.refreshed_at IS 'The last refresh, or the start; with not_before, the later of the two: when its newest access token was issued.';
COMMENT ON COLUMN enrolments.state IS 'un-enrolled by the practice (UN-1) until it re-activates (UN-3); the record stays the account''s either way.';
