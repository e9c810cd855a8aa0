"""Notify's verbs, each with its guard: one file to read for who may do what."""

from services.notify.addresses.api.addresses import (
    add_notification_address,
    list_notification_addresses,
    remove_notification_address,
    verify_notification_address,
)
from services.notify.addresses.api.numbers import (
    add_notification_number,
    verify_notification_number,
)
from services.notify.addresses.errors import (
    AddressInUse,
    AddressKnown,
    AddressLimit,
    AddressMalformed,
    CodeInvalid,
    LinkInvalid,
    NumberMalformed,
    TextsNotOffered,
    TooManyMails,
)
from services.notify.bounces.api.bounces import take_bounce
from services.notify.budgets import COMMUNICATIONS, READS
from services.notify.communications.api import bulk
from services.notify.communications.api.communications import submit_communication
from services.notify.communications.errors import ReferenceReused
from services.notify.features import Features
from services.notify.ledger.api.deliveries import (
    list_deliveries,
    list_practice_deliveries,
    resend_delivery,
)
from services.notify.ledger.errors import DeliveryNotResendable
from services.notify.notices.api.notices import dismiss_notice, list_notices, read_notice
from services.notify.preferences.api.preferences import (
    choose_notification_preference,
    list_notification_preferences,
)
from services.notify.preferences.errors import (
    AddressUnverified,
    ChannelNotOffered,
    OrderContradictory,
)
from services.notify.suppressions.api.suppressions import lift_suppressions, list_suppressions
from services.notify.suppressions.errors import TooManyLifts
from services.notify.texts.api import hooks
from services.notify.texts.errors import SignatureWrong
from services.notify.unsubscriptions.api.unsubscriptions import (
    preview_unsubscription,
    unsubscribe,
)
from services.notify.unsubscriptions.errors import UnsubscribeLinkInvalid
from shared.contracts.scopes import Scope
from shared.errors import NotFound
from shared.http.guards import Client, Counted, Practice, Public, Session, Staff
from shared.http.own_source import source_at
from shared.http.routes import Form, Limits, Route, lifted, route
from shared.trust.grants import CONFIRMATION_CHECKED, GrantUsed

CONFIRMATION_REFUSED = (*CONFIRMATION_CHECKED, GrantUsed)
LONGEST_MESSAGE = 256 * 1024  # a report with all of the mail that it returns

# fmt: off
ROUTES: tuple[Route[Features], ...] = (
    *lifted(lambda of: of.notices, (
        route("GET", "/notices", Session(),
              list_notices, rows=("NT-8",),
              summary="List what I am to be told and could not be mailed"),
        route("POST", "/notices/{notice_id}/read", Session(),
              read_notice, rows=("NT-8",),
              summary="Note that I have read a notice",
              problems=(NotFound,)),
        route("POST", "/notices/{notice_id}/dismiss", Session(),
              dismiss_notice, rows=("NT-8",),
              summary="Put a notice away for good",
              problems=(NotFound,)),
    )),
    *lifted(lambda of: of.addresses, (
        route("GET", "/notification-addresses", Session(),
              list_notification_addresses, rows=("NT-2",),
              summary="List my addresses and numbers for practice communications"),
        route("POST", "/notification-addresses", Session(),
              add_notification_address, status=202, rows=("NT-2", "SE-3", "ID-6"),
              summary="Add such an address, or have the link to it sent again",
              problems=(AddressMalformed, AddressKnown, AddressLimit, NotFound, TooManyMails,
                        *CONFIRMATION_REFUSED)),
        route("POST", "/notification-addresses/verify", Session(Counted.MISSES),
              verify_notification_address, rows=("NT-2",),
              summary="Verify such an address by the mailed link",
              problems=(LinkInvalid,)),
        route("POST", "/notification-addresses/{address_id}/remove", Session(),
              remove_notification_address, rows=("NT-2", "SE-3"),
              summary="Remove such an address, or a number",
              problems=(NotFound, AddressInUse, *CONFIRMATION_REFUSED)),
        route("POST", "/notification-numbers", Session(),
              add_notification_number, status=202, rows=("NT-2", "NT-3", "SE-3", "ID-6"),
              summary="Add a mobile number, or have another code sent to it",
              problems=(NumberMalformed, AddressKnown, AddressLimit, TextsNotOffered, NotFound,
                        TooManyMails, *CONFIRMATION_REFUSED)),
        route("POST", "/notification-numbers/{address_id}/verify", Session(),
              verify_notification_number, rows=("NT-3",),
              summary="Verify a mobile number by the code that was sent to it",
              problems=(NotFound, CodeInvalid)),
    )),
    *lifted(lambda of: of.preferences, (
        route("GET", "/notification-preferences", Session(),
              list_notification_preferences, rows=("NT-2",),
              summary="List how each of my practices reaches me, and what it offers"),
        route("PUT", "/notification-preferences/{patient_id}", Session(),
              choose_notification_preference, rows=("NT-2",),
              summary="Choose how the practice of this record reaches me",
              problems=(NotFound, ChannelNotOffered, AddressUnverified, OrderContradictory)),
    )),
    *lifted(lambda of: of.unsubscriptions, (
        route("POST", "/unsubscriptions/preview", Public(Counted.MISSES),
              preview_unsubscription, rows=("NT-7",),
              summary="Say which e-mails a link in a mail's foot would stop",
              problems=(UnsubscribeLinkInvalid,)),
        route("POST", "/unsubscriptions", Public(Counted.MISSES),
              unsubscribe, rows=("NT-7",),
              summary="Stop a practice's e-mails of one topic by the link in one of them",
              problems=(UnsubscribeLinkInvalid,)),
    )),
    *lifted(lambda of: of.ledger, (
        route("GET", "/deliveries", Session(),
              list_deliveries, rows=("NT-5",),
              summary="List what was sent to me"),
        route("GET", "/practice/deliveries", Practice(Scope.DELIVERIES_READ),
              list_practice_deliveries, counts_on=(READS,), rows=("NT-5", "ST-1"),
              query=("patient_id", "after"),
              summary="List what became of this practice's communications, to one patient or all"),
        route("POST", "/practice/deliveries/{delivery_id}/resend",
              Staff(Scope.COMMUNICATIONS_WRITE),
              resend_delivery, counts_on=(COMMUNICATIONS,), rows=("ST-1", "NT-5"),
              summary="Send a communication again that failed or may not have arrived",
              problems=(NotFound, DeliveryNotResendable)),
    )),
    *lifted(lambda of: of.suppressions, (
        route("GET", "/suppressions", Session(),
              list_suppressions, rows=("NT-5",),
              summary="List my addresses to which nothing is mailed, since mails come back"),
        route("POST", "/suppressions/lift", Session(),
              lift_suppressions, rows=("NT-5",),
              summary="Have mails sent to my addresses again",
              problems=(TooManyLifts,)),
    )),
    *lifted(lambda of: of.communications, (
        route("POST", "/communications", Practice(Scope.COMMUNICATIONS_WRITE),
              submit_communication, status=202,
              counts_on=(COMMUNICATIONS,), rows=("NT-1", "NT-2", "NT-9"),
              summary="Let a patient know that something waits in the portal",
              problems=(ReferenceReused,)),
        route("POST", "/communications/bulk", Practice(Scope.COMMUNICATIONS_WRITE),
              bulk.submit_communications,
              counts_on=(COMMUNICATIONS,), rows=("NT-9",), limits=bulk.LIMITS,
              summary="Submit up to 1,000 communications, with a result for each"),
    )),
    *lifted(lambda of: of.texts, (
        route("POST", "/texts/status", Public(Counted.MISSES),
              hooks.take_text_receipt, form=Form.HOOK, signed_in=hooks.SIGNED_IN,
              query=("delivery_id", "hop", "attempt"), rows=("NT-3", "NT-5"),
              summary="Tell what became of a text message, signed by its provider",
              problems=(SignatureWrong,)),
        route("POST", "/texts/incoming", Public(Counted.MISSES),
              hooks.take_text_answer, form=Form.HOOK, signed_in=hooks.SIGNED_IN, rows=("NT-3",),
              summary="Tell what a phone answers, signed by its provider",
              problems=(SignatureWrong,)),
    )),
    *lifted(lambda of: of.bounces, (
        route("POST", "/bounces", Client(Scope.BOUNCES_WRITE),
              take_bounce, form=Form.MESSAGE, limits=Limits(body_bytes=LONGEST_MESSAGE),
              rows=("NT-5",),
              summary="Hand over a mail that came to a return path"),
    )),
    source_at("notify"),
)
# fmt: on
