"""What an account is handed out and has not used by the time of a race: a merge voids all of it."""

from collections.abc import Awaitable, Callable, Mapping

from deploy.client.eventually import eventually
from deploy.tour.acts import AT_THE_DESK
from shared.clock import MachineClock
from tests.builders.two_step import code_of
from tests.race.merges.racer import HEARD_WITHIN, Racer

PHONE, ADDRESS = "+1 217 555 0142", "12 Elm Street, Springfield, IL 62704"


async def comes_without_mailbox(who: Racer) -> None:
    """An account that has verified no address; of its record, phone and address are known."""
    person, practice = who.person, who.person.practice
    person.patient_id = await practice.register(
        person.mark,
        last_name=person.last_name,
        birth_date=person.birth_date,
        home_phone=PHONE,
        address=ADDRESS,
    )
    person.token = await practice.issue(person.patient_id)
    await person.enrols()
    who.passwords.append(person.password)
    await who.logs_on()


async def not_me_link(who: Racer) -> None:
    """Of a mail about a change of its password (RC-9)."""
    await change_password(who, await who.proves("password"))
    who.not_me.append(await who.person.mailed_secret("password was changed"))


async def change_password(who: Racer, grant: str) -> None:
    new = who.new_password()
    body = {"new_password": new, "reauthenticated": grant}
    who.keeps(await who.must("change_password", 200, token=who.full[-1], body=body))
    who.passwords.append(new)


async def second_step(who: Racer) -> None:
    """A passkey, an app, recovery codes (MF-1), and a session that waits for one of them."""
    await passkey(who)
    secret = (await who.must("set_up_app", 201, token=who.full[-1], body={})).body["secret"]
    body = {"code": code_now(who, secret)}
    confirmed = await who.must("confirm_app", 200, token=who.full[-1], body=body)
    who.codes += confirmed.body["recovery_codes"]
    who.apps.append(secret)
    await who.logs_on()


def code_now(who: Racer, secret: str) -> str:
    """A code of this moment, by this machine's clock, which the services have as well."""
    clock = MachineClock(clock_file=who.person.ledger.books.clock_file)
    return code_of(secret, clock.now())


async def passkey(who: Racer) -> None:
    """MF-5: its first one."""
    if not who.person.phone.keys:
        credential = await new_passkey(who, "Phone")
        await who.must("make_passkey", 201, token=who.full[-1], body=credential)


async def new_passkey(who: Racer, name: str) -> Mapping[str, object]:
    """Have the phone make one; it is kept once this is sent."""
    phone = who.person.phone
    grant = await who.proves("passkeys")
    asked = await who.must(
        "ask_for_new_passkey",
        200,
        token=who.full[-1],
        body={"name": name, "reauthenticated": grant},
    )
    phone.rp_id = asked.body["options"]["rp"]["id"]
    credential = phone.make(asked.body["options"], counter=1)
    return {"ceremony": asked.body["ceremony"], "credential": credential}


async def reset_link(who: Racer) -> None:
    """RC-3: the link, and a grant of it; it goes on living."""
    await who.recovery_knows()
    await who.must("request_reset_link", 202, body={"name": who.person.username})
    who.reset_links.append(await who.person.mailed_secret("Set a new"))
    body = {"token": who.reset_links[-1]}
    who.grants.append((await who.must("redeem_reset_link", 200, body=body)).body["grant"])


async def slip(who: Racer) -> None:
    """RC-5: eight digits of its practice's. Those whose reply was lost are shown to nobody."""
    person = who.person
    await who.recovery_knows()
    token = ""
    while not token:
        given = await person.client.insist(
            "issue_reset_token",
            201,
            409,
            token=await person.practice.token(),
            path={"patient_id": person.patient_id},
            body={"handed_over": "in-person", **AT_THE_DESK},
            idempotency_key=person.client.key(),
        )
        token = given.body.get("token", "")
    who.slips.append(token)


async def email_link(who: Racer) -> None:
    """ID-6: another address is claimed, and its link not opened."""
    grant, person = await who.proves("email"), who.person
    mailbox, person.mailbox = person.mailbox, "june"
    body = {"address": person.address, "reauthenticated": grant}
    await who.must("claim_email", 202, token=who.full[-1], body=body)
    who.email_links.append(await person.mailed_secret("Confirm your address"))
    person.mailbox = mailbox


async def address_link(who: Racer) -> None:
    """NT-2: likewise of an address for what practices send."""
    grant, person = await who.proves("notification-address"), who.person
    body = {"address": person.second_address, "reauthenticated": grant}
    await who.must("add_notification_address", 202, token=who.full[-1], body=body)
    who.address_links.append(await person.second_link())


async def proof(who: Racer) -> None:
    """SE-3: a grant for another username."""
    who.proofs.append(await who.proves("username"))


async def validation(who: Racer) -> None:
    """RC-6: a question to which the true address was not told yet; one of three a day."""
    person = who.person
    await who.recovery_knows()

    async def record_is_known() -> None:
        assert await person.ledger.books.rows(
            "SELECT FROM recovery.persons WHERE patient_id = $1 AND account_id = $2",
            person.patient_id,
            who.id,
        )

    await eventually(record_is_known, within=HEARD_WITHIN, pause=0.1)
    fields = {
        "username": person.username,
        "birth_date": person.birth_date,
        "last_name": person.last_name,
        "first_name": "Juniper",
        "home_phone": PHONE,
    }
    asked = await who.must("begin_validation", 200, body=fields)
    choice = asked.body["addresses"].index(ADDRESS)
    who.challenges.append({"challenge": asked.body["challenge"], "choice": choice})


SECOND_STEP, VALIDATION = "second step", "validation"
Holding = Callable[[Racer], Awaitable[None]]
HOLDINGS: Mapping[str, Holding] = {  # the first two void what was there before
    "not-me link": not_me_link,
    SECOND_STEP: second_step,
    "passkey": passkey,
    "reset link": reset_link,
    "slip": slip,
    "e-mail link": email_link,
    "address link": address_link,
    "proof": proof,
    VALIDATION: validation,
}
WITHOUT_MAILBOX = ("slip", VALIDATION)
