-- One row for a whole IPv6 /48, so that one row lock decides over a /64, its /56 and its /48.

ALTER TABLE source_budget ADD COLUMN subnets integer[] NOT NULL DEFAULT '{}';

COMMENT ON COLUMN source_budget.source IS
    'An IPv4 address, an IPv6 /48, or a client at which its secret may be tried';
COMMENT ON COLUMN source_budget.subnets IS
    'Of each refusal, at the same place, which /64 of the /48 was told it; 0 for all else';
