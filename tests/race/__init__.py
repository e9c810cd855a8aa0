"""Races that are run for long, by `make race`: what chance finds, and no path that is laid out."""
