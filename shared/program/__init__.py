"""A service as a process: its parts, its command line, and what starts and stops it."""
