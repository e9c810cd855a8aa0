"""What was sent to one, where it went, and what became of it (NT-5)."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from aiohttp import web

from deploy.gateway.doors.notify import Delivery
from deploy.gateway.pages.site import HOLDER, Site
from deploy.gateway.session import Inside
from deploy.gateway.web.languages import N_
from deploy.gateway.web.routes import Route, page

ACTIVITY = "account-activity"
STATES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "queued": ("plain", N_("Waiting to be sent")),
        "sending": ("plain", N_("Being sent")),
        "sent": ("ok", N_("Sent")),
        "delivered": ("ok", N_("Arrived")),
        "bounced": ("warn", N_("Came back")),
        "failed": ("warn", N_("Could not be sent")),
        "expired": ("warn", N_("Not sent: its link had expired")),
        "unknown": ("plain", N_("Sent, but we do not know whether it arrived")),
        "cancelled": ("plain", N_("Not sent: a newer one took its place")),
    }
)
"""Of each state the shape of its tag, and the words."""
TEMPLATES: Mapping[str, str] = MappingProxyType(
    {
        "account-enrolled": N_("Welcome to your account"),
        "account-email-changed": N_("Your account e-mail was changed"),
        "account-email-verified": N_("Your e-mail address was verified"),
        "address-suppressed": N_("Mails to you come back"),
        "account-locked": N_("Your account was locked"),
        "account-unlocked": N_("Your account was unlocked"),
        "account-frozen": N_("Your account was frozen"),
        "account-thawed": N_("A practice opened your account again"),
        "accounts-merged": N_("Your accounts were merged"),
        "email-verification": N_("Verify your e-mail address"),
        "enrolment-added": N_("A practice was added"),
        "enrolment-ended": N_("A practice ended your enrolment"),
        "enrolment-reactivated": N_("A practice enrolled you again"),
        "notification-address-verification": N_("A link to verify an address for practices"),
        "notification-number-verification": N_("A code to verify a number"),
        "text-help": N_("What you can answer to a text message"),
        "merge-rejected": N_("Your accounts were not merged"),
        "merge-review-refused": N_("Your accounts were not merged after review"),
        "merge-under-review": N_("Practices look at your two accounts"),
        "passkey-copied": N_("A passkey may have been copied"),
        "passkey-made": N_("A passkey was made"),
        "passkey-removed": N_("A passkey was removed"),
        "password-disabled": N_("Your password was disabled"),
        "password-changed": N_("Your password was changed"),
        "password-reset": N_("Your password was set anew"),
        "practice-communication": N_("Something new from your practice"),
        "reset-link": N_("A link to set a new password"),
        "reset-token-issued": N_("A practice gave out a token for a new password"),
        "authenticator-app-replaced": N_("Another authenticator app was set up"),
        "device-removed": N_("A device was removed"),
        "device-trusted": N_("A device asks for no code"),
        "two-step-mode-changed": N_("When codes are asked for was changed"),
        "unusual-log-on": N_("Somebody logged on to your account"),
        "recovery-codes-low": N_("Three recovery codes are left"),
        "recovery-codes-made": N_("New recovery codes were made"),
        "locked": N_("Your security questions were answered wrongly"),
        "security-questions-changed": N_("Your security questions were set"),
        "second-step-locked": N_("Wrong codes were given for your account"),
        "two-step-reset": N_("A practice reset two-step verification"),
        "two-step-turned-off": N_("Two-step verification was turned off"),
        "two-step-turned-on": N_("Two-step verification was turned on"),
        "username-changed": N_("Your username was changed"),
        "username-mailed-elsewhere": N_("Your username was mailed to another address of yours"),
        "username-read": N_("A practice looked up your username"),
        "username-reminder": N_("Your username"),
    }
)
REASONS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "not_wanted": ("plain", N_("Not sent: you want none")),
        "suppressed": ("warn", N_("Not sent: mails to you come back")),
        "not_enrolled": ("plain", N_("Not sent: you were not enrolled there")),
        "account_merged": ("plain", N_("Not sent: your accounts were merged")),
        "account_frozen": ("plain", N_("Not sent: your account was frozen")),
        "texts_not_offered": ("warn", N_("Not sent: this portal sends no text messages")),
    }
)
"""Of those that say more than their state."""
STOPPED = ("warn", N_("Not sent: STOP was answered"))
OTHERWISE = N_("A message about your account")
NO_ADDRESS = N_("No address")
IN_PORTAL = N_("A notice in the portal")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A delivery in words."""

    what: str
    address: str
    state: str
    kind: str
    at: str


async def sent_to_me(site: Site, visit: Inside) -> web.Response:
    """Show both lists: account activity, and what practices had sent."""
    account, sent = await asyncio.gather(
        site.account(visit),
        site.sessions.ask(visit, "notify", site.notify.deliveries),
    )
    lists: dict[bool, list[Row]] = {True: [], False: []}
    for delivery in sent.deliveries:
        own = delivery.message_class == ACTIVITY
        lists[own].append(row(visit, delivery, account.time_zone))
    return site.page(visit, "sent.html", activity=lists[True], practices=lists[False])


def row(visit: Inside, delivery: Delivery, zone: str) -> Row:
    """Say a delivery in the person's language."""
    told = REASONS.get(delivery.reason or "") or STATES.get(delivery.state)
    if delivery.channel == "text-message" and delivery.reason == "suppressed":
        told = STOPPED
    kind, state = told or ("plain", delivery.state)
    elsewhere = IN_PORTAL if delivery.channel == "portal" else NO_ADDRESS
    return Row(
        what=visit.say(TEMPLATES.get(delivery.template, OTHERWISE)),
        address=delivery.address or visit.say(elsewhere),
        state=visit.say(state),
        kind=kind,
        at=visit.language.moment(delivery.at, zone),
    )


ROUTES: tuple[Route[Site], ...] = page("/sent", HOLDER, sent_to_me)
