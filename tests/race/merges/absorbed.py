"""Whatever was ever handed out for an absorbed account, tried: none of it opens anything."""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from deploy.client.answers import Answer
from deploy.client.eventually import eventually
from deploy.tour.authenticator import Key
from tests.builders.questions import answered, codes
from tests.race.merges.holdings import code_now
from tests.race.merges.racer import Racer

VOID_WITHIN = 40.0  # while the broker was away (SE-1)
CEREMONIES = 3  # at most for one key
OVER = frozenset({"unauthenticated", "token_stale"})
SHUT = frozenset({"account_merged", "invalid_credentials"})
DATABASE_LEFT: Mapping[str, str] = {
    "sessions": "identity.sessions WHERE account_id = $1 AND ended_at IS NULL",
    "devices": "identity.devices WHERE account_id = $1 AND voided_at IS NULL",
    "passkeys": "identity.passkeys WHERE account_id = $1 AND ended_at IS NULL",
    "apps": "identity.two_steps WHERE account_id = $1 AND on_since IS NOT NULL",
    "recovery codes": "identity.recovery_codes WHERE account_id = $1",
    "addresses": "identity.account_emails WHERE account_id = $1",
    "names": "identity.log_on_names WHERE account_id = $1",
    "enrolments": "identity.enrolments WHERE account_id = $1",
    "questions": "recovery.security_questions WHERE account_id = $1",
}
"""Rows of which an absorbed account has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Absorbed:
    """One that is part of another; `access` is of the survivor's session, where it can have one."""

    who: Racer
    survivor: Racer
    access: str | None

    async def anew(self, verb: str, **arguments: Any) -> Answer:
        """Call from where nobody has called: what is counted there answers for nothing (LG-4)."""
        return await self.who.tries_from_elsewhere(verb, **arguments)

    async def halves(self) -> AsyncIterator[str]:
        """Sessions of the survivor's that wait for the second step, if it has any."""
        if self.access:
            answer = await self.survivor.logs_on()
            if answer.status == 201 and self.survivor.waits_for_code(answer):
                yield answer.body["access_token"]


Attempt = Callable[[Absorbed], AsyncIterator[Answer]]


async def by_password(at: Absorbed) -> AsyncIterator[Answer]:
    for password in reversed(dict.fromkeys(at.who.passwords)):
        for name in (at.who.person.username, at.who.person.address):
            yield await at.anew("log_on", body={"name": name, "password": password})


async def by_refresh_token(at: Absorbed) -> AsyncIterator[Answer]:
    for _, refresh in at.who.sessions:
        yield await at.anew("refresh_session", body={"refresh_token": refresh})


async def by_passkey(at: Absorbed) -> AsyncIterator[Answer]:
    for key in at.who.person.phone.keys:
        yield await ceremony(at, key, ask="ask_for_passkey", answer="log_on_by_passkey")


async def by_second_step(at: Absorbed) -> AsyncIterator[Answer]:
    """In its own sessions that wait for it, and in the survivor's."""
    given = [code_now(at.who, secret) for secret in at.who.apps] + at.who.codes[-1:]
    halves = at.who.halves[-1:] + [one async for one in at.halves()]
    for half in halves:
        for code in given:
            yield await at.anew("take_second_step", token=half, body={"code": code})


async def by_passkey_as_second_step(at: Absorbed) -> AsyncIterator[Answer]:
    async for half in at.halves():
        for key in at.who.person.phone.keys:
            yield await ceremony(
                at, key, ask="ask_for_second_step", answer="take_second_step", token=half
            )


async def ceremony(
    at: Absorbed, key: Key, *, ask: str, answer: str, token: str | None = None
) -> Answer:
    """Ask, and answer with this key. Where a replica was killed over the answer its ceremony is
    over, and says nothing of the key: then once more.
    """
    for _ in range(CEREMONIES):
        asked = await at.anew(ask, token=token)
        if asked.status != 200:
            return asked
        credential = at.who.person.phone.answer(asked.body["options"], key)
        body = {"ceremony": asked.body["ceremony"], "credential": credential}
        told = await at.anew(answer, token=token, body=body)
        if told.code != "ceremony_over":
            break
    return told


async def by_ownership(at: Absorbed) -> AsyncIterator[Answer]:
    """To merge it again, into the survivor."""
    if at.access:
        body = {"name": at.who.person.username, "password": at.who.passwords[-1]}
        code = {"code": code_now(at.who, at.who.apps[-1])} if at.who.apps else {}
        yield await at.anew("prove_ownership", token=at.access, body={**body, **code})


async def by_reset_link(at: Absorbed) -> AsyncIterator[Answer]:
    for link in at.who.reset_links:
        yield await at.anew("redeem_reset_link", body={"token": link})


async def by_slip(at: Absorbed) -> AsyncIterator[Answer]:
    for token in at.who.slips:
        body = {"username": at.who.person.username, "token": token}
        yield await at.anew("redeem_reset_token", body=body)


async def by_questions(at: Absorbed) -> AsyncIterator[Answer]:
    name = at.who.person.username
    asked = await at.anew("ask_security_questions", body={"name": name})
    answers = answered(codes(asked.body), at.who.answers)
    body = {"name": name, "answers": answers}
    yield await at.anew("answer_security_questions", body=body)


async def by_validation(at: Absorbed) -> AsyncIterator[Answer]:
    for challenge in at.who.challenges:
        yield await at.anew("answer_validation", body=challenge)


async def by_grant(at: Absorbed) -> AsyncIterator[Answer]:
    for grant in at.who.grants:
        body = {"grant": grant, "new_password": at.who.new_password()}
        yield await at.anew("reset_password", body=body)


async def by_proof(at: Absorbed) -> AsyncIterator[Answer]:
    """Of its holder, for another username: in its own session, and in the survivor's."""
    name = f"jasper.{at.who.person.mark}"
    for proof in at.who.proofs:
        for access in filter(None, (at.who.full[-1], at.access)):
            body = {"username": name, "reauthenticated": proof}
            yield await at.anew("change_username", token=access, body=body)


async def by_email_link(at: Absorbed) -> AsyncIterator[Answer]:
    for link in at.who.email_links:
        for access in filter(None, (at.who.full[-1], at.access)):
            yield await at.anew("verify_email", token=access, body={"token": link})


async def by_address_link(at: Absorbed) -> AsyncIterator[Answer]:
    for link in at.who.address_links:
        for access in filter(None, (at.who.full[-1], at.access)):
            body = {"token": link}
            yield await at.anew("verify_notification_address", token=access, body=body)


async def by_not_me_link(at: Absorbed) -> AsyncIterator[Answer]:
    for link in at.who.not_me:
        body = {"token": link, "birth_date": at.who.person.birth_date}
        yield await at.anew("freeze_account", body=body)


async def by_device(at: Absorbed) -> AsyncIterator[Answer]:
    """At its own name: the survivor's own name is another matter, `is_strange`."""
    for device in at.who.devices:
        body = {"name": at.who.person.username, "password": at.who.passwords[-1]}
        yield await at.anew("log_on", body={**body, "device": device})


TRIES: Mapping[str, tuple[Attempt, frozenset[str]]] = {
    "password": (by_password, SHUT),
    "device": (by_device, SHUT),
    "refresh token": (by_refresh_token, frozenset({"refresh_invalid"})),
    "passkey": (
        by_passkey,
        frozenset({"account_merged", "passkey_invalid", "passkey_unknown"}),
    ),
    "second step": (by_second_step, OVER | {"second_step_failed", "second_step_over"}),
    "passkey as second step": (
        by_passkey_as_second_step,
        frozenset({"passkey_invalid", "no_passkeys", "second_step_failed"}),
    ),
    "ownership": (by_ownership, frozenset({"account_merged", "merge_proof_failed"})),
    "reset link": (by_reset_link, frozenset({"link_invalid"})),
    "slip": (by_slip, frozenset({"reset_token_invalid"})),
    "questions": (by_questions, frozenset({"answers_refused"})),
    "validation": (by_validation, frozenset({"validation_unavailable", "validation_over"})),
    "grant": (by_grant, frozenset({"grant_superseded", "grant_used", "grant_wrong_account"})),
    "proof": (by_proof, OVER | {"grant_wrong_account"}),
    "e-mail link": (by_email_link, OVER | {"link_invalid"}),
    "address link": (by_address_link, OVER | {"link_invalid"}),
    "not-me link": (by_not_me_link, frozenset({"link_invalid"})),
}
"""What is brought, and what may be told of it: nothing else is."""


async def opens_nothing(at: Absorbed, database: Any, tried: Counter[str]) -> None:
    """Raise AssertionError for what does. Counts what was told of each."""
    for what, rows in DATABASE_LEFT.items():
        left = await database.fetchval(f"SELECT count(*) FROM {rows}", at.who.id)  # noqa: S608
        assert not left, f"{left} {what} of an absorbed account"
    for what, (attempt, told) in TRIES.items():
        async for answer in attempt(at):
            assert answer.code in told, (
                f"{what} of an absorbed account: {answer.operation}: {answer.status} {answer.body}"
            )
            tried[f"{what}: {answer.code}"] += 1
    await is_inactive(at, tried)
    await is_strange(at, tried)
    await eventually(lambda: is_over(at, tried), within=VOID_WITHIN, pause=0.2)


async def is_inactive(at: Absorbed, tried: Counter[str]) -> None:
    """Identity says so of each access token in this second (SE-4)."""
    basic = (at.who.gateway.client_id, at.who.gateway.client_secret)
    for access, _ in at.who.sessions:
        answer = await at.anew("introspect_token", basic=basic, body={"token": access})
        assert answer.body == {"active": False}, answer.body
        tried["introspection: not active"] += 1


async def is_strange(at: Absorbed, tried: Counter[str]) -> None:
    """The survivor's log-on from its devices is one from a new device, and no code is spared."""
    if at.access is None:
        return
    for device in at.who.devices[-1:]:
        body = {"name": at.survivor.person.username, "password": at.survivor.passwords[-1]}
        answer = await at.anew("log_on", body={**body, "device": device})
        session = answer.must(201)
        if at.survivor.waits_for_code(answer):  # who is new is told of no device before the code
            tried["device: not trusted"] += 1
        else:
            assert session.get("device", device) != device, "it is known to the survivor"
            tried["device: new"] += 1


async def is_over(at: Absorbed, tried: Counter[str]) -> None:
    """No service takes its access tokens; of the stream of ended sessions it may be a while."""
    for access, _ in at.who.sessions:
        for verb in ("read_account", "list_deliveries", "list_merges"):
            answer = await at.anew(verb, token=access)
            assert answer.code in OVER, f"{verb} in a session of an absorbed account"
            tried[f"access token: {answer.code}"] += 1
