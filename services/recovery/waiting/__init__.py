"""RC-1, RC-2, RC-3: accept first, work later, so that nothing tells a hit from a miss."""
