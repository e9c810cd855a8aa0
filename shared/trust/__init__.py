"""Whom to believe: ciphers, keys, tokens, grants, seals, and sessions that have ended."""
