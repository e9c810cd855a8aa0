-- Notices in the portal (NT-8), for what there was no address to mail to.

CREATE TABLE notices (
    id           uuid        PRIMARY KEY,
    event_id     uuid        NOT NULL,
    account_id   uuid        NOT NULL,
    template     text        NOT NULL,
    class        text        NOT NULL CHECK (class IN ('account-activity', 'practice-communication')),
    content      jsonb       NOT NULL,
    created_at   timestamptz NOT NULL,
    read_at      timestamptz,
    dismissed_at timestamptz,
    CONSTRAINT notices_one_for_one_intent UNIQUE (event_id, account_id, template)
);
COMMENT ON TABLE notices IS 'NT-8: written beside the delivery that failed for want of an address; its key holds for ever.';
COMMENT ON COLUMN notices.id IS 'That delivery''s id.';
COMMENT ON COLUMN notices.content IS 'The template''s declared variables: printed when it is read, in the account''s locale of then.';
CREATE INDEX notices_undismissed ON notices (account_id, class, created_at DESC) WHERE dismissed_at IS NULL;
