"""What a holder changes of her own credentials (ID-6)."""
