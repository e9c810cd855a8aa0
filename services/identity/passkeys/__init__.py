"""Passkeys: keys of an account's own, what they answer, and what becomes of them (MF-5 … MF-10)."""
