"""Reviews: practices decide of accounts that are not one person's by their records (MG-2)."""
