"""What its verbs, and others that take a passkey's answer, have in their bodies."""
