"""Proofs of who one is, as grants for one verb (SE-3, MG-1)."""
