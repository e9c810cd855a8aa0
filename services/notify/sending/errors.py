"""What ends an attempt, as types."""


class LeaseLost(Exception):
    """The lease ran out, or what it is for has become void: nothing may be sent or recorded."""


class AddressInvalid(Exception):
    """The address cannot stand in a mail's header or on its envelope."""


class MailServerAway(Exception):
    """No conversation can be begun; `code` is the server's refusal, where it answered."""

    def __init__(self, code: int | None = None) -> None:
        super().__init__(code)
        self.code = code


class MailServerStalled(Exception):
    """Conversations are begun, and mails in them get no reply."""


class ProviderAway(Exception):
    """The provider of text messages did not take what it was asked; its last word is `code`."""

    def __init__(self, code: int | None = None, own: str | None = None) -> None:
        super().__init__(code, own)
        self.code = code  # HTTP's; None: no answer
        self.own = own  # the provider's


class StillAway(MailServerAway):
    """It is known to be away: nothing was asked of it anew."""
