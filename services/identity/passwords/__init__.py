"""Passwords: the policy, how one is proven, and the lock (ID-3, ID-5, LG-2)."""
