-- Proofs that were spent are forgotten once no grant of theirs can be brought any more.

CREATE INDEX spent_grants_age ON spent_grants (spent_at);
COMMENT ON COLUMN spent_grants.spent_at IS 'Swept a week later: by then the grant is too old for every checker, however late it may come.';
