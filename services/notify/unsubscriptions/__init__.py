"""Unsubscribing from a practice's e-mails by the link in one of them (NT-7)."""
