-- What recovery of release 0a9708c has in its tables when it is upgraded: written by its statements,
-- under the keys that the tests' recovery has.

INSERT INTO practices VALUES
    ('00000000-0000-4000-8000-000000000010', 3, 'Elm Street Practice', '+1 555 0100', 'en-US', 'America/New_York', 20);
INSERT INTO accounts VALUES
    ('00000000-0000-4000-8000-000000000001', 1, 'active', 1, 'ann.hale', '\xa748a9703e45cf645dc562ea07bf83140eff69f0e76c35e47c4133c6c199a551',
     'ann@mail.example', '\x5ed490b797bbcaa76fc960762eff328fac911509a753f96a804877d7f74937a7',
     'en-US', 'America/New_York', ARRAY['00000000-0000-4000-8000-000000000010']::uuid[]),
    ('00000000-0000-4000-8000-000000000002', 1, 'active', 1, 'ben.hale', '\x07f883fdd82471653cab7075098f6acc84f106b1a5a3f9c05b19d15328726b80',
     'ben@mail.example', '\xc1e3c275ba3942889dca52f69da4313512d136190b8afe7fde609acfc13b856b',
     'en-US', 'America/New_York', '{}'),
    ('00000000-0000-4000-8000-000000000003', 2, 'active', 2, 'cleo.hale', '\xf8e4b80497bbef2026342db304ebca0d420343deefac654df984909b6cf6a7f3',
     'cleo@mail.example', '\xcb6a62198d2a164e6d7e952bced0583f8c1fa3b798957bb3dc28c2a7a70e82fd',
     'en-US', 'America/New_York', '{}');

-- Ann's link lives and superseded another; Cleo's was overtaken by a change of her password.
INSERT INTO links VALUES
    ('00000000-0000-4000-8000-000000000051', '00000000-0000-4000-8000-000000000001', '\x4cd7d2f7d50e5d041a8c2f45a6aff9d677c7c727af0eed315845f47a58c52d7a',
     1, 'live', '2031-03-05 08:50+00', '2031-03-05 09:10+00', NULL),
    ('00000000-0000-4000-8000-000000000052', '00000000-0000-4000-8000-000000000001', '\x5dfb20c8a6511ac8f6f6c7f8baaf3e3732eaaf7cbb82eac1702727174427407d',
     1, 'superseded', '2031-03-05 08:45+00', '2031-03-05 09:05+00', '2031-03-05 08:50+00'),
    ('00000000-0000-4000-8000-000000000053', '00000000-0000-4000-8000-000000000003', '\x7a5985104954130262dfe680422e3b39bac46987adc803c898f410fe1ad3d6c4',
     1, 'live', '2031-03-05 08:50+00', '2031-03-05 09:50+00', NULL);

-- Ben was mailed three in this hour, Ann two; each was asked to be reminded as often.
INSERT INTO link_budgets VALUES
    ('00000000-0000-4000-8000-000000000002', ARRAY['2031-03-05 08:10+00', '2031-03-05 08:20+00', '2031-03-05 08:30+00']::timestamptz[], '2031-03-05 08:30+00'),
    ('00000000-0000-4000-8000-000000000001', ARRAY['2031-03-05 08:45+00', '2031-03-05 08:50+00']::timestamptz[], '2031-03-05 08:50+00');
INSERT INTO reminder_budgets VALUES
    ('\xc1e3c275ba3942889dca52f69da4313512d136190b8afe7fde609acfc13b856b',
     ARRAY['2031-03-05 08:10+00', '2031-03-05 08:20+00', '2031-03-05 08:30+00']::timestamptz[], 0, '2031-03-05 08:40+00'),
    ('\x5ed490b797bbcaa76fc960762eff328fac911509a753f96a804877d7f74937a7',
     ARRAY['2031-03-05 08:10+00', '2031-03-05 08:20+00']::timestamptz[], 1, '2031-03-05 08:20+00');
