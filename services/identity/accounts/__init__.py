"""Accounts: their names, their state, and the snapshot that tells of them."""
