-- Security questions are recovery's; identity knows whether an account has five (LG-3, ID-8), when it
-- was frozen last, which drops them (RC-9), and which closing of recovery's a log-on has ended (RC-4).

ALTER TABLE accounts
    ADD COLUMN questions_set boolean NOT NULL DEFAULT false,
    ADD COLUMN frozen_in     bigint  NOT NULL DEFAULT 0,
    ADD COLUMN closing       uuid,
    ADD COLUMN reopened      uuid;
COMMENT ON COLUMN accounts.questions_set IS
    'RC-8: recovery has five of it, as its receipt or event says; a freeze drops them.';
COMMENT ON COLUMN accounts.frozen_in IS
    'RC-9: the version that froze it last; questions that were set in an older one are void.';
COMMENT ON COLUMN accounts.closing IS
    'RC-4: recovery answers nothing for it until a full log-on, which is told once, by a snapshot.';
COMMENT ON COLUMN accounts.reopened IS
    'RC-4: the last closing that a full log-on has ended, as its snapshots say.';
