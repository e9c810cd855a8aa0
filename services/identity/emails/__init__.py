"""Addresses: how they are compared, who holds one, and the links that verify them (ID-6)."""
