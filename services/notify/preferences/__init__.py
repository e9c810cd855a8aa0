"""Preferences: how a practice reaches a patient, as she chooses (NT-2)."""
