"""What notify knows of accounts, practices and merges: others' facts, newer wins."""
