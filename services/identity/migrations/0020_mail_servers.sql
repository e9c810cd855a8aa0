-- A mail server's client: it hands over what came back to a return path (NT-5).

ALTER TABLE clients DROP CONSTRAINT clients_role;
ALTER TABLE clients ADD CONSTRAINT clients_role CHECK (role IN ('practice', 'gateway', 'mail-server'));
