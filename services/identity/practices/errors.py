"""What is refused here."""

from shared.errors import BadRequest, Conflict, Forbidden, Invalid


class SettingOutOfRange(Invalid):
    """A practice setting outside its range (ST-2)."""

    title = "This setting is out of its range"
    hint = "`errors` names the range."


class SettingsChanged(Conflict):
    """Another change of the practice was there between reading its settings and this (ST-2)."""

    title = "The practice has changed since its settings were read"
    hint = "Read them again, and change them as they are now."


class ClientSecretWrong(Forbidden):
    """What was presented is not the secret of now; in an overlap, the one before is none (ST-1)."""

    title = "This is not the client's secret as it is now"
    hint = "Send the newest one. Where it is lost, an operator gives another or revokes the client."


class InvalidScope(BadRequest):
    """A scope this client was not given, or one that does not exist."""

    title = "This client does not have every scope asked for"
    hint = "Ask for scopes the client was given, or for none to get them all."
    oauth_error = "invalid_scope"


class InvalidTarget(BadRequest):
    """RFC 8707: `resource` names something that is none of the four services."""

    title = "There is no such service"
    hint = "Name identity, recovery, merge or notify, or none to get one token for all four."
    oauth_error = "invalid_target"


class GrantTypeUnsupported(BadRequest):
    """Another grant type than client_credentials."""

    code = "unsupported_grant_type"
    title = "Only client_credentials is a grant type here"
    hint = "Send grant_type=client_credentials."
    oauth_error = "unsupported_grant_type"


class TwoAuthentications(BadRequest):
    """RFC 6749 2.3: a client must not use more than one way to authenticate in a request."""

    code = "invalid_request"
    title = "The client authenticates in two ways"
    hint = "Send the secret in the header or in the body, not in both."
