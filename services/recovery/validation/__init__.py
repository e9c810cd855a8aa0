"""RC-6: who has neither account e-mail nor questions shows once who she is."""
