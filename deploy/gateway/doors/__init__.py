"""The four services from outside: only the paths, bodies and replies of their documents."""
