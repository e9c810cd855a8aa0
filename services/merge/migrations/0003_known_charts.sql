-- MG-5: a practice is told of what a merge has brought together, not of what it knew before.

ALTER TABLE merges ADD COLUMN known_charts uuid[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN merges.known_charts IS 'The patient records that the survivor had as the merge was accepted. Empty for merges from before this column: then every duplicate chart is told.';
