"""What identity hears of security questions, which are recovery's (RC-8, RC-4)."""
