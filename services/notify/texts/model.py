"""How often a phone is answered."""

from shared.limits import HOUR, Limit

HELP = Limit("text-help", ((3, HOUR),))
"""NT-3: of one number."""
