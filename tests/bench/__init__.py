"""`make bench`: what the limits of the architecture are held against, each beside its ceiling."""
