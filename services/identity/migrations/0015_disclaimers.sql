-- Disclaimers of practices, asked for in each session (DISC-1), and when patients were last here (UN-2).

CREATE TABLE disclaimers (
    practice_id  uuid        NOT NULL REFERENCES practices (id),
    version      integer     NOT NULL CHECK (version >= 1),
    texts        jsonb       NOT NULL,
    published_at timestamptz NOT NULL,
    PRIMARY KEY (practice_id, version)
);
COMMENT ON TABLE disclaimers IS 'DISC-1: every version a practice ever had, with its text in each language.';
COMMENT ON COLUMN disclaimers.version IS 'The highest is the current one.';
COMMENT ON COLUMN disclaimers.texts IS 'Empty: from this version on the practice asks nothing.';

CREATE TABLE kept_disclaimers (
    account_id  uuid        NOT NULL REFERENCES accounts (id),
    practice_id uuid        NOT NULL REFERENCES practices (id),
    version     integer     NOT NULL,
    kept_at     timestamptz NOT NULL,
    PRIMARY KEY (account_id, practice_id)
);
COMMENT ON TABLE kept_disclaimers IS 'Accepted and not to be shown again; gone once a practice of the account comes or goes.';
COMMENT ON COLUMN kept_disclaimers.version IS 'It counts for this version alone.';

CREATE TABLE session_disclaimers (
    session_id  uuid    NOT NULL REFERENCES sessions (id),
    practice_id uuid    NOT NULL REFERENCES practices (id),
    version     integer NOT NULL,
    answer      text    CHECK (answer IN ('accepted', 'declined')),
    PRIMARY KEY (session_id, practice_id)
);
COMMENT ON TABLE session_disclaimers IS 'What a session is asked: written when it begins, and anew when a practice comes or goes; a text that changes meanwhile is asked for in the next.';
COMMENT ON COLUMN session_disclaimers.answer IS 'Null: not yet. Records and medications are off then, as where it was declined.';

ALTER TABLE patients ADD COLUMN seen_at timestamptz;
COMMENT ON COLUMN patients.seen_at IS
    'UN-2: when the holder of its account logged on last, or enrolled; up to a day behind. Null: never enrolled.';
UPDATE patients p SET seen_at = greatest(e.enrolled_at, a.last_log_on_at)
FROM enrolments e JOIN accounts a ON a.id = e.account_id WHERE e.patient_id = p.id;
CREATE INDEX patients_seen ON patients (practice_id, seen_at, id) WHERE seen_at IS NOT NULL;
