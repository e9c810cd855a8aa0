-- How much each client did of each kind within the last hour (ST-1): a stolen secret floods nothing.

CREATE TABLE client_budgets (
    client  text      COLLATE "C" NOT NULL,
    budget  text      COLLATE "C" NOT NULL,
    minutes integer[] NOT NULL,
    counts  integer[] NOT NULL CHECK (cardinality(counts) = cardinality(minutes)),
    granted integer   NOT NULL,
    PRIMARY KEY (client, budget)
) WITH (fillfactor = 50);
COMMENT ON TABLE client_budgets IS 'A row a client and budget, counted and decided by one statement; as many as there are clients, so never swept.';
COMMENT ON COLUMN client_budgets.budget IS 'A Budget of the code, which says what counts on it; how much is a setting.';
COMMENT ON COLUMN client_budgets.minutes IS 'Since 1970, in order: those of the last hour in which something was granted.';
COMMENT ON COLUMN client_budgets.counts IS 'How much was granted in each of them.';
COMMENT ON COLUMN client_budgets.granted IS 'How much of what was asked for last was within the budget: set and returned by the same statement; negative where it was given back.';
