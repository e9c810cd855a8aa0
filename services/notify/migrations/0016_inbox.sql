-- What practices' systems published waits for its turn, system by system (NT-9).

CREATE INDEX inbox_retry_turns ON inbox_retry ((coalesce(publisher, '') COLLATE "C"), id)
    WHERE consumer = 'notify.inbox';
