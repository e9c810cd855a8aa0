"""What a browser hands over of a passkey, and what it is given to have one answer.

As WebAuthn writes it in JSON (`PublicKeyCredential.toJSON`); what else a browser says is not read.
"""

from typing import Annotated, Any

import msgspec
from msgspec import Meta, field

from services.identity.passkeys.answers import Given
from services.identity.passkeys.model import LIFE, Begun
from shared.http.routes import Reply

Base64Url = Annotated[str, Meta(min_length=1, max_length=8192)]
CeremonyText = Annotated[
    str, Meta(min_length=1, max_length=2000, description="as it came with the options")
]
Kind = Annotated[str, Meta(max_length=40)]


class AssertedResponse(msgspec.Struct, frozen=True, kw_only=True):
    client_data: Base64Url = field(name="clientDataJSON")
    authenticator_data: Base64Url = field(name="authenticatorData")
    signature: Base64Url
    user_handle: Base64Url | None = field(name="userHandle", default=None)


class Asserted(msgspec.Struct, frozen=True, kw_only=True):
    """`navigator.credentials.get`'s answer."""

    id: Base64Url
    raw_id: Base64Url = field(name="rawId")
    type: Kind
    response: AssertedResponse


class AttestedResponse(msgspec.Struct, frozen=True, kw_only=True):
    client_data: Base64Url = field(name="clientDataJSON")
    attestation: Base64Url = field(name="attestationObject")


class Attested(msgspec.Struct, frozen=True, kw_only=True):
    """`navigator.credentials.create`'s answer."""

    id: Base64Url
    raw_id: Base64Url = field(name="rawId")
    type: Kind
    response: AttestedResponse


class OptionsReply(Reply, frozen=True, kw_only=True):
    """`options` is what the browser's `parse…OptionsFromJSON` takes; `ceremony` comes back with the
    answer, within `expires_in` seconds.
    """

    ceremony: str
    expires_in: int
    options: dict[str, Any]


def options_reply(begun: Begun) -> OptionsReply:
    """Shape what has a passkey answer."""
    return OptionsReply(
        ceremony=begun.ceremony,
        expires_in=int(LIFE.total_seconds()),
        options=begun.options,
    )


def given(ceremony: str, credential: Asserted | Attested) -> Given:
    """What a client brings, for who looks at it."""
    return Given(ceremony=ceremony, credential=msgspec.to_builtins(credential))
