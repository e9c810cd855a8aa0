"""RC-1, RC-2: who has forgotten her username has it mailed to an address that she has verified."""
