"""The ledger of deliveries: filed once, read by their people, held for an operator (NT-5, NT-6)."""
