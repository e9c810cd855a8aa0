"""How each practice reaches one: chosen a practice at a time (NT-2)."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated

from aiohttp import web
from msgspec import Meta

from deploy.gateway.doors.notify import Address, Choice, Enrolment, Way
from deploy.gateway.pages.site import HOLDER, Site, one_of
from deploy.gateway.session import Inside
from deploy.gateway.web.forms import Filled, Form, FormPage
from deploy.gateway.web.languages import N_
from deploy.gateway.web.routes import Route, form, page
from deploy.gateway.web.visits import see

TOPICS: Mapping[str, str] = MappingProxyType(
    {
        "message": N_("Messages"),
        "appointment": N_("Appointments"),
        "health_record": N_("Health record"),
        "statement": N_("Statements"),
    }
)
"""The field of each topic, and what it is called."""
SAID: Mapping[str, str] = MappingProxyType(
    {
        "chosen": N_("Your choice was saved."),
        "added": N_("A mail is on its way. Open the link in it."),
        "verified": N_("The address is verified. You can choose it for a practice now."),
        "number": N_("The number is verified. You can choose it for a practice now."),
        "removed": N_("It was removed."),
    }
)
Order = Annotated[str, Meta(max_length=400)]


class ChoiceForm(Form, frozen=True, kw_only=True):
    """Each an order as its option is written; an empty one chooses nothing."""

    default: Order = ""
    message: Order = ""
    appointment: Order = ""
    health_record: Order = ""
    statement: Order = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Says orders in the visitor's language."""

    visit: Inside
    own: str | None  # the account e-mail, once it is verified
    addresses: Mapping[str, str]

    def order(self, ways: Sequence[Way], offers: Sequence[str]) -> str:
        """Say an order: what is tried, and what then; of what is passed over, since it is not
        offered any more, that too.
        """
        *others, last = ways
        if others and last.channel == "none":
            said = self.visit.say(N_("%(ways)s, and nothing else"))
            return said % {"ways": self.order(others, offers)}
        return self.visit.say(N_(", else ")).join(self.offered(way, offers) for way in ways)

    def offered(self, way: Way, offers: Sequence[str]) -> str:
        said = self.way(way)
        if way.channel in (*offers, "none"):
            return said
        return self.visit.say(N_("%(way)s (not offered at the moment)")) % {"way": said}

    def way(self, way: Way) -> str:
        match way:
            case Way(channel="portal"):
                return self.visit.say(N_("a notice in the portal"))
            case Way(channel="none"):
                return self.visit.say(N_("not at all"))
            case Way(channel="text-message", address_id=None):
                return self.visit.say(N_("a text message"))
            case Way(channel="text-message", address_id=str(address_id)):
                number = self.addresses.get(address_id, "?")
                return self.visit.say(N_("a text message to %(number)s"), number=number)
            case Way(address_id=str(address_id)):
                return self.addresses.get(address_id, "?")
            case _:
                name = self.visit.say(N_("your account e-mail"))
                return f"{name} ({self.own})" if self.own else name


def written(ways: Sequence[Way]) -> str:
    """Write an order as the value of its option."""
    return ",".join(f"{way.channel}:{way.address_id or ''}" for way in ways)


def read(value: str) -> tuple[Way, ...]:
    """Read one back; notify judges what it says."""
    parts = [way.partition(":") for way in value.split(",") if way]
    return tuple(Way(channel=channel, address_id=of or None) for channel, _, of in parts)


def offered(enrolment: Enrolment, addresses: Sequence[Address]) -> Iterator[tuple[Way, ...]]:
    """List the orders to choose among: each mailbox and each number, alone or with a notice behind
    it, and a number with a mail behind it.
    """
    notice, mail = (Way(channel="portal"),), (Way(channel="email"),)
    verified = [one for one in addresses if one.verified_at]
    mailboxes = [
        Way(channel="email", address_id=one.address_id) for one in verified if one.kind == "email"
    ]
    numbers = [
        Way(channel="text-message", address_id=one.address_id)
        for one in verified
        if one.kind == "phone"
    ]
    for way in (*mail, *mailboxes, *numbers):
        if way.channel not in enrolment.offers:
            continue
        if way in numbers and "email" in enrolment.offers:
            yield (way, *mail)
        if "portal" in enrolment.offers:
            yield (way, *notice)
        yield (way,)
    if "portal" in enrolment.offers:
        yield notice
    yield (Way(channel="none"),)


async def notifications(site: Site, visit: Inside) -> web.Response:
    """Show every practice with how it reaches one, and the addresses to choose among."""
    account, enrolments, own = await asyncio.gather(
        site.account(visit), of_practices(site, visit), site.addresses(visit)
    )
    addresses = own.addresses
    return site.page(
        visit,
        "settings_notifications.html",
        account=account,
        enrolments=enrolments,
        addresses=[one for one in addresses if one.kind == "email"],
        numbers=[one for one in addresses if one.kind == "phone"],
        texts_from=own.texts_from,
        texts=any("text-message" in one.offers for one in enrolments),
        words=words(visit, account.email, addresses),
        topics=TOPICS,
        said=visit.said(SAID),
    )


async def show_choice(site: Site, visit: Inside, filled: Filled) -> web.Response:
    """Show what may be chosen for one practice, and what is."""
    account, enrolments, own = await asyncio.gather(
        site.account(visit), of_practices(site, visit), site.addresses(visit)
    )
    patient_id = visit.request.match_info["patient_id"]
    enrolment = one_of(one for one in enrolments if one.patient_id == patient_id)
    now = {"default": enrolment.default} | {
        field: enrolment.topics.get(topic(field), ()) for field in TOPICS
    }
    orders = list(dict.fromkeys((*offered(enrolment, own.addresses), *filter(None, now.values()))))
    say = words(visit, account.email, own.addresses)
    return site.page(
        visit,
        "settings_notification.html",
        filled=filled,
        enrolment=enrolment,
        now={field: written(order) for field, order in now.items()},
        orders={written(order): say.order(order, enrolment.offers) for order in orders},
        usual=say.order([Way(channel=one) for one in enrolment.offers], enrolment.offers),
        topics=TOPICS,
        by_topic=any(now[one] or filled.typed.get(one) or filled.problem(one) for one in TOPICS),
    )


async def choose(site: Site, visit: Inside, sent: ChoiceForm, key: str) -> web.Response:
    """Choose it in place of what was."""
    topics = {topic(field): read(getattr(sent, field)) for field in TOPICS}
    choice = Choice(
        default=read(sent.default), topics={name: order for name, order in topics.items() if order}
    )
    patient_id = visit.request.match_info["patient_id"]
    await site.sessions.ask(visit, "notify", site.notify.choose, patient_id, choice)
    return see("/settings/notifications?said=chosen")


def topic(field: str) -> str:
    return field.replace("_", "-")


def words(visit: Inside, email: object, addresses: Sequence[Address]) -> Words:
    own = getattr(email, "address", None) if getattr(email, "state", "") == "verified" else None
    return Words(visit=visit, own=own, addresses={one.address_id: one.address for one in addresses})


async def of_practices(site: Site, visit: Inside) -> tuple[Enrolment, ...]:
    return await site.sessions.ask(visit, "notify", site.notify.preferences)


ROUTES: tuple[Route[Site], ...] = (
    *page("/settings/notifications", HOLDER, notifications),
    *form(
        "/settings/notifications/{patient_id}",
        HOLDER,
        FormPage(form=ChoiceForm, show=show_choice, submit=choose),
    ),
)
