"""What mail servers give back, and what becomes of the delivery that it was (NT-5)."""
