-- People ask a practice to be enrolled, and the practice decides (EN-4).

CREATE TABLE enrolment_requests (
    id          uuid        PRIMARY KEY,
    practice_id uuid        NOT NULL REFERENCES practices (id),
    state       text        NOT NULL CHECK (state IN ('pending', 'approved', 'rejected')),
    last_name   text        NOT NULL,
    first_name  text        NOT NULL,
    birth_date  date        NOT NULL,
    patient_id  uuid        REFERENCES patients (id),
    asked_at    timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    kept_until  timestamptz NOT NULL CHECK (kept_until >= expires_at),
    ended_at    timestamptz,
    CHECK ((state = 'pending') = (ended_at IS NULL)),
    CHECK (patient_id IS NULL OR state = 'approved')
);
COMMENT ON TABLE enrolment_requests IS 'EN-4: one pending a practice and person; the practice''s row is held while one is looked for.';
COMMENT ON COLUMN enrolment_requests.state IS 'A pending one past expires_at is expired; the sweep deletes it at kept_until, like the others.';
COMMENT ON COLUMN enrolment_requests.patient_id IS 'The record that it was matched to, or that was registered for it.';
CREATE INDEX enrolment_requests_pending ON enrolment_requests (practice_id, asked_at, id)
    WHERE state = 'pending';
CREATE INDEX enrolment_requests_born ON enrolment_requests (practice_id, birth_date)
    WHERE state = 'pending';
CREATE INDEX enrolment_requests_kept ON enrolment_requests (kept_until);
CREATE INDEX enrolment_requests_patient ON enrolment_requests (patient_id);

CREATE TABLE enrolment_request_contacts (
    request_id uuid        NOT NULL REFERENCES enrolment_requests (id) ON DELETE CASCADE,
    place      smallint    NOT NULL CHECK (place BETWEEN 1 AND 20),
    home_phone text        NOT NULL,
    address    text        NOT NULL,
    email      text,
    locale     text        NOT NULL,
    asked_at   timestamptz NOT NULL,
    PRIMARY KEY (request_id, place)
);
COMMENT ON TABLE enrolment_request_contacts IS 'Where the person says she is reached: what came with a later request is kept beside the first''s.';
COMMENT ON COLUMN enrolment_request_contacts.email IS 'As typed, proven by nobody; null: she said that she has none.';
