-- A client keeps its role, and what a role may do stands in the code: a new scope is every such
-- client's with the release that knows it, and no row changes. A client whose scopes somebody
-- narrowed stays narrowed to those. A scope beyond its role, which no verb ever gave, stops this
-- file, the first of its release, before anything of identity's is changed: nothing is taken from a
-- client in silence. Of one that is revoked it does not matter.

ALTER TABLE clients ADD COLUMN role text;
ALTER TABLE clients RENAME COLUMN scopes TO narrowed_to;
ALTER TABLE clients ALTER COLUMN narrowed_to DROP NOT NULL;
UPDATE clients SET role = CASE WHEN practice_id IS NULL THEN 'gateway' ELSE 'practice' END;

DO $$
DECLARE
    of_practice CONSTANT text[] := ARRAY[
        'accounts:unlock', 'communications:write', 'deliveries:read', 'enrolments:write',
        'merges:read', 'patients:write', 'settings:read', 'settings:write', 'tokens:write'
    ];
    of_gateway CONSTANT text[] := ARRAY['introspect'];
    beyond text;
BEGIN
    SELECT string_agg(id, ', ' ORDER BY id) INTO beyond FROM clients
     WHERE revoked_at IS NULL
       AND NOT narrowed_to <@ CASE role WHEN 'practice' THEN of_practice ELSE of_gateway END;
    IF beyond IS NOT NULL THEN
        RAISE EXCEPTION 'clients with a scope beyond their role: %', beyond
            USING HINT = 'Take it out of clients.scopes; what introspects is made by gateway add.';
    END IF;
    UPDATE clients SET narrowed_to = NULL
     WHERE narrowed_to @> CASE role WHEN 'practice' THEN of_practice ELSE of_gateway END;
END
$$;

ALTER TABLE clients
    ALTER COLUMN role SET NOT NULL,
    ADD CONSTRAINT clients_role CHECK (role IN ('practice', 'gateway')),
    ADD CONSTRAINT clients_practice CHECK ((role = 'practice') = (practice_id IS NOT NULL));
COMMENT ON COLUMN clients.role IS 'What it may do: shared/contracts/scopes.py has the scopes of each role.';
COMMENT ON COLUMN clients.narrowed_to IS 'The only scopes of its role that it has; null: all, and those of later releases.';
