"""Notification addresses: where practice communications may go but to the account e-mail (NT-2)."""
