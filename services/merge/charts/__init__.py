"""Duplicate charts that merges bring to light, for practices to settle."""
