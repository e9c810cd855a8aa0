"""Settings: what a service reads from its environment, once, telling every problem at once."""
