"""The two accounts of a merge: what was proven of them, and what is known."""
