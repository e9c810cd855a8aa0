"""Sessions: their tokens, refreshes and ends (SE-1), and the gates before the portal (LG-3)."""
