"""The desk: a stand-in for a practice's own system, over its client verbs. Development only."""
