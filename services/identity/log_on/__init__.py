"""Log-on, and the reset that stands in for it (LG-1, RC-3), with the terms (EN-9)."""
