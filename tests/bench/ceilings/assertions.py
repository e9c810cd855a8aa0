"""The library's bare look at a passkey's answer, one after the other, with no service around."""

import time

import msgspec
import webauthn

from deploy.tour.authenticator import Authenticator, b64, unb64
from tests.bench.processes import given, tell


class Job(msgspec.Struct, frozen=True, kw_only=True):
    seconds: float


class Looked(msgspec.Struct, frozen=True):
    ended: tuple[float, ...]


def main() -> None:
    job, ended, phone = given(Job), [], Authenticator()
    challenge = bytes(32)
    options = {"challenge": b64(challenge), "user": {"id": b64(bytes(64))}}
    made = webauthn.verify_registration_response(
        credential=phone.make(options),
        expected_challenge=challenge,
        expected_rp_id=phone.rp_id,
        expected_origin=phone.origin,
        require_user_verification=True,
    )
    answer = phone.answer(options)
    assert unb64(answer["id"]) == made.credential_id
    until = time.monotonic() + job.seconds
    while time.monotonic() < until:
        webauthn.verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=phone.rp_id,
            expected_origin=[phone.origin],
            credential_public_key=made.credential_public_key,
            credential_current_sign_count=0,
            require_user_verification=True,
        )
        ended.append(time.monotonic())
    tell(Looked(tuple(ended)))


if __name__ == "__main__":
    main()
