"""A soft authenticator: makes passkeys and answers with them as a browser hands them over.

By cryptography and cbor2, not by the library that the product looks at answers with; for the tour,
and for tests, which may have it say what no authenticator says.
"""

import hashlib
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

ORIGIN = "https://portal.example"
RP_ID = "portal.example"
UP, UV, BE, BS, AT = 1, 4, 8, 16, 64
Json = dict[str, Any]


def b64(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return urlsafe_b64decode(text + "==")


@dataclass(slots=True, kw_only=True)
class Key:
    """A passkey on its authenticator. `counter` None: it counts nothing, as a synced one."""

    id: bytes
    private: Any = field(repr=False)
    user_handle: bytes
    counter: int | None = None
    flags: int = UP | UV


def cose(public: Any) -> dict[int, Any]:
    """The key as COSE writes it."""
    if isinstance(public, ed25519.Ed25519PublicKey):
        return {1: 1, 3: -8, -1: 6, -2: public.public_bytes_raw()}
    if isinstance(public, rsa.RSAPublicKey):
        n = public.public_numbers()
        return {1: 3, 3: -257, -1: n.n.to_bytes(256, "big"), -2: n.e.to_bytes(3, "big")}
    at = public.public_numbers()
    return {1: 2, 3: -7, -1: 1, -2: at.x.to_bytes(32, "big"), -3: at.y.to_bytes(32, "big")}


def signed(private: Any, data: bytes) -> bytes:
    if isinstance(private, ed25519.Ed25519PrivateKey):
        return private.sign(data)
    if isinstance(private, rsa.RSAPrivateKey):
        return private.sign(data, padding.PKCS1v15(), SHA256())
    return bytes(private.sign(data, ec.ECDSA(SHA256())))


@dataclass(slots=True, kw_only=True)
class Authenticator:
    """`origin` and `said` are what a browser says of where it is; a test may change them, and
    have it write more than there is.
    """

    origin: str = ORIGIN
    rp_id: str = RP_ID
    said: Json = field(default_factory=dict)
    trailing: bytes = b""  # behind the data it signs: extensions, where a flag says so
    keys: list[Key] = field(default_factory=list)

    def make(
        self,
        options: Json,
        *,
        private: Any = None,
        counter: int | None = None,
        flags: int = UP | UV,
        fmt: str = "none",
        cose_key: Callable[[Any], Any] = cose,
        id_: bytes | None = None,
    ) -> Json:
        """Make a passkey as the options ask, and keep it."""
        private = private or ec.generate_private_key(ec.SECP256R1())
        public = cbor2.dumps(cose_key(private.public_key()))
        id_ = id_ or hashlib.sha256(public).digest()
        key = Key(
            id=id_,
            private=private,
            user_handle=unb64(options["user"]["id"]),
            counter=counter,
            flags=flags,
        )
        self.keys.append(key)
        attested = bytes(16) + len(id_).to_bytes(2, "big") + id_ + public
        data = self._data(flags | AT, counter or 0) + attested
        attestation = cbor2.dumps({"fmt": fmt, "attStmt": {}, "authData": data})
        return self._credential(
            id_,
            {
                "clientDataJSON": b64(self._client("webauthn.create", options)),
                "attestationObject": b64(attestation),
                "transports": ["internal"],
            },
        )

    @staticmethod
    def public(private: Any) -> bytes:
        """The key as it is kept by who looks at its answers."""
        return cbor2.dumps(cose(private.public_key()))

    def answer(
        self, options: Json, key: Key | None = None, *, handle: bool = True, **changed: Any
    ) -> Json:
        """Answer by this key, or the last one made; `changed` are its flags or its counter."""
        key = key or self.keys[-1]
        if key.counter is not None:
            key.counter = changed.get("counter", key.counter + 1)
        data = self._data(changed.get("flags", key.flags), key.counter or 0) + self.trailing
        client = self._client("webauthn.get", options)
        response: Json = {
            "clientDataJSON": b64(client),
            "authenticatorData": b64(data),
            "signature": b64(signed(key.private, data + hashlib.sha256(client).digest())),
        }
        if handle:
            response["userHandle"] = b64(changed.get("user_handle", key.user_handle))
        return self._credential(key.id, response)

    def _client(self, kind: str, options: Json) -> bytes:
        said = {"type": kind, "challenge": options["challenge"], "origin": self.origin}
        return json.dumps({**said, "crossOrigin": False, **self.said}).encode()

    def _data(self, flags: int, counter: int) -> bytes:
        rp = hashlib.sha256(self.rp_id.encode()).digest()
        return rp + bytes([flags]) + counter.to_bytes(4, "big")

    def _credential(self, id_: bytes, response: Json) -> Json:
        return {
            "id": b64(id_),
            "rawId": b64(id_),
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": response,
        }
