"""Devices: where sessions begin, how far each is believed, and what is told of it (MF-2, SE-2)."""
