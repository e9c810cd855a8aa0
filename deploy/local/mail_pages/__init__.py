"""What the mail catcher shows, to people and to programs."""
