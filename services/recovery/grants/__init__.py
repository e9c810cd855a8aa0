"""What every way back ends in: a grant for one new password at identity."""
