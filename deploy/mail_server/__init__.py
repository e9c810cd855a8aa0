"""What runs on the mail server's own machine."""
