"""What every verb owes, proved once over the route tables: a new verb is a parameter."""
