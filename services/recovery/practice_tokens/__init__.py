"""RC-5: tokens of eight digits, which a practice gives to who forgot her password."""
