"""Its statements."""
