"""The conditions that every statement about live sessions shares (SE-1)."""


def live(now: str) -> str:
    """The one condition for a live session s, against the parameter that is now."""
    return f"s.ended_at IS NULL AND s.idle_until > {now} AND s.expires_at > {now}"


def takes(issued_at: str, now: str) -> str:
    """The same for one that takes a token of that moment: it was not narrowed since."""
    return f"{live(now)} AND (s.not_before IS NULL OR s.not_before <= {issued_at})"
