"""Requests: people ask a practice to be enrolled, and the practice decides (EN-4)."""
