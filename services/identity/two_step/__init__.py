"""The second step: an authenticator app's codes, and recovery codes (MF-1, MF-3, MF-4)."""
