-- Practices that were added before a practice could un-enrol (UN-1) and review what a merge found
-- (MG-5): their clients get the scopes of those verbs, as the clients of newer practices have them.

UPDATE clients
SET scopes = ARRAY(
    SELECT DISTINCT scope COLLATE "C"
    FROM unnest(scopes || ARRAY['enrolments:write', 'merges:read']) AS scope
    ORDER BY 1
)
WHERE practice_id IS NOT NULL AND NOT scopes @> ARRAY['enrolments:write', 'merges:read'];
