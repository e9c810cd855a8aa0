-- As in the shared migration of this name: what is sent once rests on these keys.

ALTER TABLE communications ALTER COLUMN reference TYPE text COLLATE "C";
ALTER TABLE deliveries
    ALTER COLUMN class TYPE text COLLATE "C",
    ALTER COLUMN template TYPE text COLLATE "C";
ALTER TABLE notices
    ALTER COLUMN class TYPE text COLLATE "C",
    ALTER COLUMN template TYPE text COLLATE "C";

INSERT INTO locks (name) VALUES ('merges');
