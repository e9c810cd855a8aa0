"""What is refused here."""

from shared.errors import Refused


class SettingOutOfRange(Refused):
    """A practice setting outside its range (ST-2)."""


class ClientRefused(Refused):
    """A client gets no token."""


class InvalidScope(ClientRefused):
    """A scope this client was not given, or one that does not exist."""


class GrantTypeUnsupported(ClientRefused):
    """Another grant type than client_credentials."""


class TwoAuthentications(ClientRefused):
    """RFC 6749 2.3: a client must not use more than one way to authenticate in a request."""
