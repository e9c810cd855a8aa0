"""What the verbs have in common that accept first and work later."""

from shared.http.routes import Reply


class Accepted(Reply, frozen=True, kw_only=True):
    """The same whatever was typed."""

    message: str
