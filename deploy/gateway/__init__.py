"""The web gateway: the portal's pages, served from the four services' verbs and nothing else."""
