"""The conditions that every statement about live sessions shares (SE-1), and about the devices that
they begin on (MF-2).
"""


def live(now: str) -> str:
    """The one condition for a live session s, against the parameter that is now."""
    return f"s.ended_at IS NULL AND s.idle_until > {now} AND s.expires_at > {now}"


def takes(issued_at: str, now: str) -> str:
    """The same for one that takes a token of that moment: it was not narrowed since."""
    return f"{live(now)} AND (s.not_before IS NULL OR s.not_before <= {issued_at})"


def known(now: str) -> str:
    """The one condition for a device d that is known: not void, by whatever clock, nor too old."""
    return f"d.voided_at IS NULL AND d.known_until > {now}"


def trusted(now: str) -> str:
    """The same for one that is trusted: no credential has changed since (MF-2)."""
    return f"""(
        d.trusted_until IS NOT NULL AND d.trusted_until > {now} AND {known(now)}
        AND d.trusted_version = (
            SELECT a.security_version FROM accounts a WHERE a.id = d.account_id
        )
        AND EXISTS (
            SELECT FROM two_steps t
            WHERE t.account_id = d.account_id AND t.on_since IS NOT NULL
              AND t.mode = 'new-devices'
        )
    )"""  # noqa: S608 - names of ours
