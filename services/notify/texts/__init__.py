"""What a provider of text messages tells: what became of one, and what a phone answers (NT-3)."""
