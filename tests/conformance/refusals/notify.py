"""What notify's verbs refuse."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from shared.contracts.practice_settings import PracticeSettings
from shared.trust.grants import Verb
from tests.builders import events
from tests.builders.bounces import is_suppressed
from tests.builders.people import Person, a_person
from tests.conformance.examples import notify as examples
from tests.conformance.examples.notify import NotifyStage
from tests.conformance.refusals import Elsewhere, Recipe, at, but
from tests.conformance.stage import Example, send
from tests.conformance.verbs import NAMED
from tests.rigs.notify import NUMBER
from tests.support.trust import ISSUER

NOBODY = UUID(int=7)


async def reference_of_another_topic(stage: NotifyStage) -> Example:
    example = await examples.submit_communication(stage)
    await stage.replica.call("POST", "/communications", example.body, token=example.token)
    return example.but(topic="appointment")


def unconfirmed(example: Recipe, **again: str) -> Mapping[str, Recipe | Elsewhere]:
    """Return what brings about each refusal of a grant for an address; `again` is another use."""

    async def with_grant(stage: NotifyStage, by: Person | None = None, **said: Any) -> Example:
        grant = await stage.replica.confirmed(stage.issuer, by or stage.patient, **said)
        return (await example(stage)).but(reauthenticated=grant)

    async def for_another_verb(stage: NotifyStage) -> Example:
        return await with_grant(stage, verb=Verb.EMAIL)

    async def for_another_service(stage: NotifyStage) -> Example:
        return await with_grant(stage, audience=(f"{ISSUER}/identity",))

    async def a_strangers(stage: NotifyStage) -> Example:
        return await with_grant(stage, a_person())

    async def of_another_session(stage: NotifyStage) -> Example:
        return await with_grant(stage, replace(stage.patient, session_id=a_person().session_id))

    async def used(stage: NotifyStage) -> Example:
        made = await example(stage)
        await send(stage, NAMED[named], made)
        used = (await example(stage)) if made.path else made
        assert made.body is not None
        return used.but(reauthenticated=made.body["reauthenticated"], **again)

    named = example.__name__
    return {
        "GrantInvalid": but(named, reauthenticated="x.y.z"),
        "GrantWrongAct": for_another_verb,
        "GrantWrongService": for_another_service,
        "GrantWrongAccount": a_strangers,
        "GrantWrongSession": of_another_session,
        "GrantUsed": used,
    }


async def a_verified_one(stage: NotifyStage) -> Example:
    await stage.replica.has_address(stage.issuer, stage.patient)
    return await examples.add_notification_address(stage)


async def a_sixth(stage: NotifyStage) -> Example:
    for number in range(5):
        address = f"other-{number}@mail.example"
        await stage.replica.add_address(stage.issuer, stage.patient, address)
    stage.replica.clock.advance(hours=1)
    return await examples.add_notification_address(stage)


async def a_sixth_mail(stage: NotifyStage) -> Example:
    for _ in range(5):
        await stage.replica.add_address(stage.issuer, stage.patient)
    return await examples.add_notification_address(stage)


async def a_verified_number(stage: NotifyStage) -> Example:
    await stage.replica.has_number(stage.issuer, stage.patient)
    return await examples.add_notification_number(stage)


async def a_fourth_number(stage: NotifyStage) -> Example:
    for number in range(3):
        await stage.replica.add_number(stage.issuer, stage.patient, f"+1213555014{number}")
    return await examples.add_notification_number(stage)


async def a_fourth_code(stage: NotifyStage) -> Example:
    for _ in range(3):
        await stage.replica.add_number(stage.issuer, stage.patient)
    return await examples.add_notification_number(stage)


async def a_number_of_an_unknown_account(stage: NotifyStage) -> Example:
    example = await of_an_unknown_account(stage)
    assert example.body is not None
    return replace(
        example,
        body={"number": NUMBER, "reauthenticated": example.body["reauthenticated"]},
    )


async def an_address_in_use(stage: NotifyStage) -> Example:
    removal = await examples.remove_notification_address(stage)
    chosen = (await examples.choose_notification_preference(stage)).but(
        default=[{"channel": "email", "address_id": str(removal.path["address_id"])}]
    )
    await send(stage, NAMED["choose_notification_preference"], chosen)
    return removal


async def where_e_mail_is_not_offered(stage: NotifyStage) -> Example:
    practice = events.practice(stage.practice_id, settings=PracticeSettings(channels=("portal",)))
    await stage.replica.know_practice(practice, version=2)
    example = await examples.choose_notification_preference(stage)
    return example.but(default=[{"channel": "email"}])


async def of_an_unknown_account(stage: NotifyStage) -> Example:
    person = a_person(version=0)
    await stage.replica.make_keys()
    return Example(
        body={
            "address": "other@mail.example",
            "reauthenticated": await stage.replica.confirmed(stage.issuer, person),
        },
        token=await stage.issuer.token(person),
    )


async def lifted_three_times(stage: NotifyStage) -> Example:
    example = await examples.lift_suppressions(stage)
    for _ in range(3):
        await stage.replica.call("POST", "/suppressions/lift", token=example.token)
        await is_suppressed(stage.replica)
    return example


async def one_that_waits(stage: NotifyStage) -> Example:
    example = await examples.resend_delivery(stage)
    await send(stage, NAMED["resend_delivery"], example)
    return example


REFUSALS: Mapping[str, Mapping[str, Recipe | Elsewhere]] = {
    "read_notice": {"NotFound": at("read_notice", notice_id=NOBODY)},
    "dismiss_notice": {"NotFound": at("dismiss_notice", notice_id=NOBODY)},
    "add_notification_address": {
        "AddressMalformed": but("add_notification_address", address="nobody"),
        "AddressKnown": a_verified_one,
        "AddressLimit": a_sixth,
        "TooManyMails": a_sixth_mail,
        "NotFound": of_an_unknown_account,
        **unconfirmed(examples.add_notification_address, address="third@mail.example"),
    },
    "verify_notification_address": {
        "LinkInvalid": but("verify_notification_address", token="nonsense"),
    },
    "add_notification_number": {
        "NumberMalformed": but("add_notification_number", number="213 555 0147"),
        "AddressKnown": a_verified_number,
        "AddressLimit": a_fourth_number,
        "TooManyMails": a_fourth_code,
        "TextsNotOffered": Elsewhere(why="a replica without a provider has a test of its own"),
        "NotFound": a_number_of_an_unknown_account,
        **unconfirmed(examples.add_notification_number, number="+12135550148"),
    },
    "verify_notification_number": {
        "NotFound": at("verify_notification_number", address_id=NOBODY),
        "CodeInvalid": but("verify_notification_number", code="nonsense"),
    },
    "remove_notification_address": {
        "NotFound": at("remove_notification_address", address_id=NOBODY),
        "AddressInUse": an_address_in_use,
        **unconfirmed(examples.remove_notification_address),
    },
    "choose_notification_preference": {
        "NotFound": at("choose_notification_preference", patient_id=NOBODY),
        "ChannelNotOffered": where_e_mail_is_not_offered,
        "AddressUnverified": but(
            "choose_notification_preference",
            default=[{"channel": "email", "address_id": str(NOBODY)}],
        ),
        "OrderContradictory": but(
            "choose_notification_preference", default=[{"channel": "portal"}, {"channel": "email"}]
        ),
    },
    "take_text_receipt": {"SignatureWrong": but("take_text_receipt", MessageStatus="failed")},
    "take_text_answer": {"SignatureWrong": but("take_text_answer", Body="START")},
    "preview_unsubscription": {
        "UnsubscribeLinkInvalid": but("preview_unsubscription", token="nonsense")
    },
    "unsubscribe": {"UnsubscribeLinkInvalid": but("unsubscribe", token="nonsense")},
    "lift_suppressions": {"TooManyLifts": lifted_three_times},
    "resend_delivery": {
        "NotFound": at("resend_delivery", delivery_id=NOBODY),
        "DeliveryNotResendable": one_that_waits,
    },
    "submit_communication": {
        "ReferenceReused": reference_of_another_topic,
    },
}
