"""Spent grants, forgotten once no grant of that age is taken any more."""

from datetime import timedelta

KEPT = timedelta(days=30)  # a proof brings grants as long as it lives: 21 days at most (RC-5)

SWEEP = """
DELETE FROM spent_grants
 WHERE (issuer, jti) IN (SELECT issuer, jti FROM spent_grants
                          WHERE spent_at <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED)
RETURNING 1
"""
