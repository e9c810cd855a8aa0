"""What a practice's staff does for a patient: unlocking, un-enrolling (LG-2, UN-1, UN-3)."""
