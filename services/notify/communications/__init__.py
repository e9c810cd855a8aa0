"""Practice communications: what a practice's system submits (NT-9)."""
