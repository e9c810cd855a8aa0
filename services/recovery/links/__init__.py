"""RC-3: who has forgotten her password is mailed a link with which she sets a new one."""
