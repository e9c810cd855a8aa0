"""What every service does at the command line, a noun a module (ST-3)."""
