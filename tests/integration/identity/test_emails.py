"""ID-6: an address is claimed, and verified by a mailed link with a session of that account."""

import asyncio
from collections import Counter
from datetime import datetime

import pytest

from tests.builders.practices import Postman, PracticeDesk, enrol
from tests.rigs.identity import PASSWORD, Identity, Person, Recovery
from tests.rigs.replica import Answer

pytestmark = pytest.mark.proves("ID-6")
REQUESTED = "email-verification-requested"
ADDRESS = "maria@mail.example"


async def session(identity: Identity, person: Person) -> str:
    """An access token of a session of this account."""
    return str((await identity.log_on(person.username)).body["access_token"])


async def claim(
    identity: Identity, token: str, address: str = ADDRESS, *, grant: str | None = None
) -> Answer:
    body = {"address": address, **({"reauthenticated": grant} if grant else {})}
    return await identity.call("POST", "/account/email", body, token=token)


async def reauthenticate(identity: Identity, token: str, verb: str = "email") -> str:
    """A grant for a verb."""
    body = {"password": PASSWORD, "verb": verb}
    answer = await identity.call("POST", "/account/reauthenticate", body, token=token)
    return str(answer.body["grant"])


async def verify(identity: Identity, token: str, link: str | None) -> Answer:
    return await identity.call("POST", "/account/email/verify", {"token": link}, token=token)


async def test_a_claimed_address_is_verified_by_its_link(
    identity: Identity, postman: Postman
) -> None:
    token = await session(identity, await identity.an_account())

    claimed = await claim(identity, token)
    [link] = await postman.tokens(REQUESTED)
    verified = await verify(identity, token, link)

    assert (claimed.status, verified.status) == (202, 200)
    account = await identity.call("GET", "/account", token=token)
    assert account.body["email"] == {"address": ADDRESS, "state": "verified"}
    assert account.body["recovery_routes"] == ["email-link", "practice"]
    assert (await identity.log_on("MARIA@mail.example")).status == 201


async def test_verifying_is_told_to_the_address_as_a_snapshot_and_ends_nothing(
    identity: Identity, postman: Postman
) -> None:
    person = await identity.an_account()
    token, other = await session(identity, person), await session(identity, person)
    await claim(identity, token)

    await verify(identity, token, (await postman.tokens(REQUESTED))[0])

    [told] = await identity.events("account-email-verified")
    assert (told["account_id"], told["recipients"]) == (str(person.id), [ADDRESS])
    [snapshot] = await identity.events("account-changed")
    assert (snapshot["email"], snapshot["security_version"]) == (ADDRESS, 1)
    assert (await identity.call("GET", "/account", token=other)).status == 200


async def test_a_claimed_address_does_not_log_on(identity: Identity, postman: Postman) -> None:
    token = await session(identity, await identity.an_account())
    await claim(identity, token)

    assert (await identity.log_on(ADDRESS)).code == "invalid_credentials"


async def test_a_link_lives_an_hour(identity: Identity, postman: Postman) -> None:
    people = [await identity.an_account() for _ in range(2)]
    for person in people:
        await claim(identity, await session(identity, person), f"{person.username}@mail.example")
    early, late = await postman.tokens(REQUESTED)

    identity.clock.advance(minutes=59, seconds=59)
    in_time = await verify(identity, await session(identity, people[0]), early)
    identity.clock.advance(seconds=1)
    too_late = await verify(identity, await session(identity, people[1]), late)

    assert (in_time.status, too_late.code) == (200, "link_invalid")


@pytest.mark.proves("V6.6.2")
async def test_a_link_works_only_with_a_session_of_its_own_account(
    identity: Identity, postman: Postman
) -> None:
    owner = await session(identity, await identity.an_account())
    stranger = await session(identity, await identity.an_account())
    await claim(identity, owner)
    await claim(identity, stranger)
    link, _ = await postman.tokens(REQUESTED)

    assert (await identity.call("POST", "/account/email/verify", {"token": link})).status == 401
    refused = await verify(identity, stranger, link)
    unknown = await verify(identity, stranger, "no link of ours")

    assert refused.code == "link_invalid"
    assert refused.alike() == unknown.alike()
    assert (await verify(identity, owner, link)).status == 200


@pytest.mark.proves("V6.6.2")
async def test_a_link_verifies_only_the_address_it_was_mailed_to(
    identity: Identity, postman: Postman
) -> None:
    token = await session(identity, await identity.an_account())
    await claim(identity, token)
    [link] = await postman.tokens(REQUESTED)

    await identity.rows("UPDATE account_emails SET address_key = 'another@mail.example'")

    assert (await verify(identity, token, link)).code == "link_invalid"


async def test_opening_the_link_as_a_mail_scanner_does_uses_nothing_up(
    identity: Identity, postman: Postman
) -> None:
    token = await session(identity, await identity.an_account())
    await claim(identity, token)
    [link] = await postman.tokens(REQUESTED)

    for method in ("GET", "HEAD", "OPTIONS"):
        await identity.call(method, "/account/email/verify", token=token)

    assert (await verify(identity, token, link)).status == 200


@pytest.mark.proves("ID-4", "V2.3.4")
async def test_of_two_accounts_that_verify_one_address_one_wins(
    identity: Identity, postman: Postman
) -> None:
    tokens = [await session(identity, await identity.an_account()) for _ in range(5)]
    for token in tokens:
        await claim(identity, token)
    links = await postman.tokens(REQUESTED)
    assert None not in links

    answers = await asyncio.gather(
        *(verify(identity, token, link) for token, link in zip(tokens, links, strict=True))
    )

    assert Counter(answer.code for answer in answers) == {"": 1, "email_unavailable": 4}
    verified = await identity.rows("SELECT FROM account_emails WHERE state = 'verified'")
    assert len(verified) == 1


LETTERS, A_LABEL = "x@bücher.example", "X@XN--BCHER-KVA.example"


@pytest.mark.proves("ID-4")
@pytest.mark.parametrize(("first", "second"), [(LETTERS, A_LABEL), (A_LABEL, LETTERS)])
async def test_a_domain_in_letters_and_its_a_label_are_one_mailbox(
    identity: Identity, postman: Postman, first: str, second: str
) -> None:
    owner, other = [await session(identity, await identity.an_account()) for _ in range(2)]
    await claim(identity, owner, first)
    await claim(identity, other, second)
    links = await postman.tokens(REQUESTED)
    assert None not in links

    verified = await verify(identity, owner, links[0])
    refused = await verify(identity, other, links[1])

    assert (verified.status, refused.code) == (200, "email_unavailable")
    for name in (first, second, f"\u200b{second.lower()} "):
        assert (await identity.log_on(name)).status == 201
    await claim(identity, other, second)
    assert (await identity.events(REQUESTED))[-1]["claim"] == "taken"


async def test_an_address_another_has_verified_gets_the_same_reply_and_a_mail_that_says_so(
    identity: Identity, postman: Postman
) -> None:
    await identity.an_account(email="taken@mail.example")
    people = [await identity.an_account() for _ in range(2)]
    tokens = [await session(identity, person) for person in people]

    hit = await claim(identity, tokens[0], "TAKEN@mail.example")
    miss = await claim(identity, tokens[1], "free@mail.example")

    assert hit.alike() == miss.alike()
    told = await identity.events(REQUESTED)
    assert [(event["claim"], event["recipients"]) for event in told] == [
        ("taken", ["TAKEN@mail.example"]),
        ("verify", ["free@mail.example"]),
    ]
    assert (told[0]["verification"], told[0]["verification_expires_at"]) == (None, None)
    kept = await identity.rows("SELECT state FROM one_time_secrets ORDER BY state")
    assert [row["state"] for row in kept] == ["live", "withheld"]


SE_3 = pytest.mark.proves("SE-3")


@SE_3
@pytest.mark.proves("V7.5.1")
async def test_a_token_alone_claims_nothing_ten_minutes_after_the_password_was_given(
    identity: Identity, postman: Postman
) -> None:
    opened = (await identity.log_on((await identity.an_account()).username)).body
    identity.clock.advance(minutes=4)
    fresh = (await identity.refresh(opened["refresh_token"])).body
    identity.clock.advance(minutes=5, seconds=59)
    renewed = (await identity.refresh(fresh["refresh_token"])).body["access_token"]

    in_time = await claim(identity, renewed)
    identity.clock.advance(seconds=1)
    first, again = (
        await claim(identity, renewed, "mine@evil.example"),
        await claim(identity, renewed),
    )

    assert in_time.status == 202
    assert [(a.status, a.code) for a in (first, again)] == [(403, "reauthentication_required")] * 2
    assert len(await identity.events(REQUESTED)) == 1
    account = await identity.call("GET", "/account", token=renewed)
    assert account.body["email"] == {"address": ADDRESS, "state": "claimed"}


@SE_3
async def test_a_reset_opens_a_session_that_may_claim(
    identity: Identity, recovery: Recovery, postman: Postman
) -> None:
    person = await identity.an_account()
    identity.clock.advance(hours=1)
    opened = await identity.reset(await recovery.grant(person), "Copper!Lantern-9")

    assert (await claim(identity, opened.body["access_token"])).status == 202


@SE_3
async def test_later_a_claim_takes_a_grant_for_it_which_is_used_once(
    identity: Identity, postman: Postman
) -> None:
    person = await identity.an_account()
    opened = (await identity.log_on(person.username)).body
    identity.clock.advance(minutes=10)
    token = (await identity.refresh(opened["refresh_token"])).body["access_token"]
    grant = await reauthenticate(identity, token)

    answers = await asyncio.gather(*(claim(identity, token, grant=grant) for _ in range(8)))

    assert Counter(answer.code for answer in answers) == {"": 1, "grant_used": 7}
    assert len(await identity.rows("SELECT FROM spent_grants")) == 1
    rows = await identity.rows(
        "SELECT outcome, detail FROM audit_entries WHERE action = 'email.claim'"
    )
    assert Counter(map(tuple, rows)) == {("done", None): 1, ("refused", "grant_used"): 7}


@SE_3
async def test_a_claim_that_is_refused_uses_no_grant_up(
    identity: Identity, postman: Postman
) -> None:
    person = await identity.an_account()
    token = await session(identity, person)
    for _ in range(5):
        await claim(identity, token)
    grant = await reauthenticate(identity, token)

    assert (await claim(identity, token, grant=grant)).code == "too_many_requests"
    assert await identity.rows("SELECT FROM spent_grants") == []


@pytest.mark.proves("NT-6", "V15.4.2")
async def test_of_parallel_claims_the_link_that_lives_is_the_one_told_last(
    identity: Identity, second: Identity, postman: Postman
) -> None:
    """Notify sends the mail of the latest `occurred_at` alone: the others are superseded."""
    for _ in range(4):
        person = await identity.an_account()
        token = await session(identity, person)

        answers = await asyncio.gather(
            *(
                claim(replica, token, f"{person.username}@mail.example")
                for replica in (identity, second) * 2
            )
        )

        assert {answer.status for answer in answers} == {202}
        links = await postman.tokens(REQUESTED)
        told = await identity.events(REQUESTED)
        own = [
            (datetime.fromisoformat(event["occurred_at"]), link)
            for event, link in zip(told, links, strict=True)
            if event["account_id"] == str(person.id)
        ]
        assert len({moment for moment, _ in own}) == 4
        *dead, (_, live) = sorted(own)
        assert {(await verify(identity, token, link)).code for _, link in dead} == {"link_invalid"}
        assert (await verify(identity, token, live)).status == 200


async def test_five_mails_an_hour_and_ten_a_day_to_one_address_whoever_claims_it(
    identity: Identity, postman: Postman
) -> None:
    await identity.an_account(email="taken@mail.example")

    async def claims(times: int) -> list[str]:
        codes = []
        for _ in range(times):
            token = await session(identity, await identity.an_account())
            codes.append((await claim(identity, token, " Taken@MAIL.example")).code)
        return codes

    assert await claims(6) == ["", "", "", "", "", "too_many_requests"]
    identity.clock.advance(hours=1)
    assert await claims(6) == ["", "", "", "", "", "too_many_requests"]
    token = await session(identity, await identity.an_account())
    answer = await claim(identity, token, "taken@mail.example")
    assert answer.headers["Retry-After"] == str(23 * 3600)
    assert (await claim(identity, token, "free@mail.example")).status == 202
    identity.clock.advance(hours=23)
    assert await claims(1) == [""]


@pytest.mark.proves("EN-1")
async def test_a_welcome_mail_counts_on_its_address_and_is_never_held_back_by_it(
    identity: Identity, desk: PracticeDesk, postman: Postman
) -> None:
    for number in range(6):
        answer = await enrol(
            identity, await desk.a_token(), username=f"maria.{number}", email=ADDRESS
        )
        assert (answer.status, answer.body["email_verification"]) == (201, "sent")

    welcomes = await identity.events("account-enrolled")
    assert [welcome["recipients"] for welcome in welcomes] == [[ADDRESS]] * 6
    assert {welcome["claim"] for welcome in welcomes} == {"verify"}
    token = await session(identity, await identity.an_account())
    assert (await claim(identity, token)).code == "too_many_requests"


@pytest.mark.proves("V2.3.2", "V15.4.2")
async def test_an_account_has_five_mails_sent_in_an_hour_whatever_addresses_it_names(
    identity: Identity, postman: Postman
) -> None:
    token = await session(identity, await identity.an_account())

    codes = [(await claim(identity, token, f"a{turn}@mail.example")).code for turn in range(6)]

    assert codes == ["", "", "", "", "", "too_many_requests"]


@pytest.mark.proves("V2.3.2", "V15.4.2")
async def test_parallel_claims_of_one_address_by_many_send_exactly_five_mails(
    identity: Identity, second: Identity, postman: Postman
) -> None:
    tokens = [await session(identity, await identity.an_account()) for _ in range(16)]

    answers = await asyncio.gather(
        *(
            claim(replica, token)
            for token, replica in zip(tokens, (identity, second) * 8, strict=True)
        )
    )

    assert Counter(answer.status for answer in answers) == {202: 5, 429: 11}
    assert len(await identity.events(REQUESTED)) == 5
    kept = await identity.rows("SELECT FROM limits WHERE length(key) = 32")
    assert len(kept) == 1
