"""Outbox and relay, inbox and consumer, retries and dead letters, topology, the sessions stream."""
