"""The saga: what was heard of each merge, what state that comes to, and whom it keeps busy."""
