"""Patient records: a practice's, and whose account they belong to."""
