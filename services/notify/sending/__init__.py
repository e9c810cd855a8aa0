"""The way out: couriers take turns, render, send, and record how far each came (NT-6)."""
