-- Of one practice's system so many dead letters are kept, the newest (NT-9).

CREATE INDEX dead_letters_of_systems ON dead_letters ((coalesce(publisher, '') COLLATE "C"), id)
WHERE consumer = 'notify.inbox';
