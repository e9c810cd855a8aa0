"""The audit trail: entries, their chain, and what watches both (AU-1)."""
