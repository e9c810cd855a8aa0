"""What recovery knows of accounts, persons, practices and addresses: others' facts, newer wins."""
