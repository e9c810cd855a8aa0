"""The door to WebAuthn: options for authenticators, and a look at what they answer (MF-5, MF-6).

The library checks challenge, origin, RP id, presence and the signature. What it leaves out is added
here, and whatever it stumbles over is a refused answer: it raises what its parsers raise.
"""

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import webauthn
from webauthn.helpers import (
    decode_credential_public_key,
    decoded_public_key_to_cryptography,
    options_to_json_dict,
    parse_attestation_object,
)
from webauthn.helpers.cose import COSECRV, COSEKTY, COSEAlgorithmIdentifier
from webauthn.helpers.structs import (
    AttestationConveyancePreference,
    AttestationFormat,
    AuthenticatorSelectionCriteria,
    CredentialDeviceType,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from services.identity.passkeys import cbor
from services.identity.passkeys.model import (
    LIFE,
    AnswerRefused,
    Cause,
    NewKey,
    RelyingParty,
    Signed,
)
from shared.randomness import base64url

KINDS: Mapping[COSEAlgorithmIdentifier, tuple[COSEKTY, COSECRV | None]] = MappingProxyType(
    {
        COSEAlgorithmIdentifier.EDDSA: (COSEKTY.OKP, COSECRV.ED25519),
        COSEAlgorithmIdentifier.ECDSA_SHA_256: (COSEKTY.EC2, COSECRV.P256),
        COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256: (COSEKTY.RSA, None),
    }
)
FORMATS = (AttestationFormat.NONE, AttestationFormat.PACKED)
"""What a browser that was asked for no attestation may answer with: none, or by the key itself."""
TIMEOUT = int(LIFE.total_seconds() * 1000)
FLAGS, COUNTER_ENDS, ATTESTED, AAGUID = 32, 37, 64, 16  # WebAuthn 6.1: of authenticator data
LONGEST_ID = 1023  # WebAuthn 4: of a credential id
LONGEST_KEY = 2048  # a key of RSA with 8,192 bits, and all around it


@dataclass(frozen=True, slots=True, kw_only=True)
class Authenticators:
    rp: RelyingParty

    def creation(
        self, *, challenge: bytes, user_handle: bytes, username: str, known: Sequence[bytes]
    ) -> dict[str, Any]:
        """What makes a passkey: discoverable, with its user verified. `known` are not to be made
        again: an authenticator would overwrite one without a word.
        """
        return options_to_json_dict(
            webauthn.generate_registration_options(
                rp_id=self.rp.id,
                rp_name=self.rp.name,
                user_id=user_handle,
                user_name=username,
                user_display_name=username,
                challenge=challenge,
                timeout=TIMEOUT,
                attestation=AttestationConveyancePreference.NONE,
                authenticator_selection=AuthenticatorSelectionCriteria(
                    resident_key=ResidentKeyRequirement.REQUIRED,
                    require_resident_key=True,
                    user_verification=UserVerificationRequirement.REQUIRED,
                ),
                exclude_credentials=_descriptors(known),
                supported_pub_key_algs=list(KINDS),
            )
        )

    def request(self, *, challenge: bytes, allowed: Sequence[bytes] = ()) -> dict[str, Any]:
        """What has a passkey answer: one of these, or whichever its holder chooses."""
        return options_to_json_dict(
            webauthn.generate_authentication_options(
                rp_id=self.rp.id,
                challenge=challenge,
                timeout=TIMEOUT,
                allow_credentials=_descriptors(allowed),
                user_verification=UserVerificationRequirement.REQUIRED,
            )
        )

    def read_new(self, credential: dict[str, Any], challenge: bytes) -> NewKey:
        """The key that was made. Raises AnswerRefused, for one as well that could never answer."""
        with _refusing():
            raw = _decoded(credential["response"]["attestationObject"])
            _require_plain_object(raw)
            if parse_attestation_object(raw).fmt not in FORMATS:
                raise AnswerRefused(Cause.REFUSED)
            self._look_at_client(credential)
            made = webauthn.verify_registration_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=self.rp.id,
                expected_origin=list(self.rp.origins),
                require_user_verification=True,
                supported_pub_key_algs=list(KINDS),
            )
            key, id_ = made.credential_public_key, made.credential_id
            _require_usable(key)
            if id_ != _decoded(credential["id"]) or not 1 <= len(id_) <= LONGEST_ID:
                raise AnswerRefused(Cause.MALFORMED)
            if len(key) > LONGEST_KEY:
                raise AnswerRefused(Cause.MALFORMED)
            return NewKey(
                credential_id=id_,
                public_key=key,
                counter=made.sign_count,
                synced=made.credential_device_type is CredentialDeviceType.MULTI_DEVICE,
                backed_up=made.credential_backed_up,
            )

    def read_id(self, credential: dict[str, Any]) -> bytes:
        """Which passkey it says that it is. Raises AnswerRefused."""
        with _refusing():
            return _decoded(credential["id"])

    def read_signed(
        self, credential: dict[str, Any], challenge: bytes, public_key: bytes
    ) -> Signed:
        """What the answer says, which that key has signed. Raises AnswerRefused.

        The counter is not compared here, but by the statement that sets it.
        """
        with _refusing():
            self._look_at_client(credential)
            response = credential["response"]
            _require_plain(_decoded(response["authenticatorData"]))
            _decoded(response["signature"])
            handle = response.get("userHandle")
            user_handle = _decoded(handle) if handle is not None else None
            right = webauthn.verify_authentication_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=self.rp.id,
                expected_origin=list(self.rp.origins),
                credential_public_key=public_key,
                credential_current_sign_count=0,
                require_user_verification=True,
            )
            return Signed(
                counter=right.new_sign_count,
                synced=right.credential_device_type is CredentialDeviceType.MULTI_DEVICE,
                backed_up=right.credential_backed_up,
                user_handle=user_handle,
            )

    def _look_at_client(self, credential: dict[str, Any]) -> None:
        """What a browser says of where it was asked, not in a frame of somebody else's page; and
        of which credential, the same twice.
        """
        if credential["rawId"] != credential["id"]:
            raise AnswerRefused(Cause.MALFORMED)
        said = json.loads(_decoded(credential["response"]["clientDataJSON"]))
        if said.get("crossOrigin", False) is not False or "topOrigin" in said:
            raise AnswerRefused(Cause.FRAMED)


@contextmanager
def _refusing(cause: Cause = Cause.REFUSED) -> Iterator[None]:
    """Make whatever is wrong with an answer a refusal: the library's parsers raise KeyError,
    ValueError and more on what nobody's browser sends.
    """
    try:
        yield
    except AnswerRefused:
        raise
    except Exception as error:
        raise AnswerRefused(cause) from error


def _require_plain_object(attestation: bytes) -> None:
    """Let an attestation object, and what is in it, be as authenticators write CBOR."""
    with _refusing(Cause.MALFORMED):
        [attested] = cbor.read_all(attestation)
        _require_plain(attested["authData"])


def _require_plain(data: bytes) -> None:
    """Likewise what stands behind the counter: a new credential's key, and extensions, which are
    not read. Raises AnswerRefused.
    """
    with _refusing(Cause.MALFORMED):
        at = COUNTER_ENDS
        if data[FLAGS] & ATTESTED:
            id_ends = at + AAGUID + 2
            at = id_ends + int.from_bytes(data[id_ends - 2 : id_ends], "big")
        cbor.read_all(data[at:])


def _require_usable(key: bytes) -> None:
    """Let it be of its algorithm's own kind and curve, and on that. Raises AnswerRefused."""
    decoded = decode_credential_public_key(key)
    if (decoded.kty, getattr(decoded, "crv", None)) != KINDS[COSEAlgorithmIdentifier(decoded.alg)]:
        raise AnswerRefused(Cause.REFUSED)
    decoded_public_key_to_cryptography(decoded)


def encoded(value: bytes) -> str:
    """As WebAuthn's JSON writes bytes."""
    return base64url(value)


def _decoded(text: str) -> bytes:
    """Read it where it is written the one way that there is: the library reads others as well."""
    value = base64.urlsafe_b64decode(f"{text}{'=' * (-len(text) % 4)}")
    if encoded(value) != text:
        raise AnswerRefused(Cause.MALFORMED)
    return value


def _descriptors(ids: Sequence[bytes]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=one) for one in ids]
