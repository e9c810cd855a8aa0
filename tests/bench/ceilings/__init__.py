"""The ceilings: what each library alone does of the same work, in a process of its own."""
