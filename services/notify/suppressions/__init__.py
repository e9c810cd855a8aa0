"""Addresses that no mailbox stands behind, and their way back (NT-5)."""
