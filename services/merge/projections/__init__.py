"""What merge knows of accounts, persons and practices: others' facts, newer wins."""
