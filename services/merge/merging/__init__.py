"""Merges from the request to the end: asked for with both proofs, then heard of."""
