-- Terms are published by a verb and kept here (EN-9). A session says itself whether they are yet to be
-- accepted in it, and which offers were declined in it (LG-3).

CREATE TABLE terms (
    version      text        COLLATE "C" PRIMARY KEY,
    place        integer     NOT NULL UNIQUE CHECK (place >= 1),
    texts        jsonb       NOT NULL CHECK (texts ? 'en'),
    published_at timestamptz NOT NULL
);
COMMENT ON TABLE terms IS 'EN-9: every version ever published, with its text in each language.';
COMMENT ON COLUMN terms.place IS 'The highest is the current version; unique, so that two published at once have an order.';

ALTER TABLE sessions
    ADD COLUMN terms_due boolean NOT NULL DEFAULT false,
    ADD COLUMN skipped   text[]  NOT NULL DEFAULT '{}',
    ALTER COLUMN scope SET DEFAULT 'full',
    DROP CONSTRAINT sessions_ended_by_check,
    ADD CONSTRAINT sessions_ended_by_check CHECK (ended_by IN (
        'holder', 'password-reset', 'refresh-reuse', 'merged', 'un-enrolled', 'terms-declined'
    ));
COMMENT ON COLUMN sessions.terms_due IS
    'When it began the current terms were not accepted; until they are, its scope is gates (LG-3).';
COMMENT ON COLUMN sessions.skipped IS 'Offers that were declined in it: gates that are passed.';
COMMENT ON COLUMN sessions.scope IS
    'Of releases before this one, which read it: what a session may do follows from what is open.';
