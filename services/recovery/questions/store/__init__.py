"""Questions and rounds of answers in the database."""
