"""Mails from templates: one source a mail and locale, declared variables only (NT-4).

A source is a subject and paragraphs. They are filled once; the text part and the HTML part are made
of the same words, which is why they cannot differ.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import Self
from urllib.parse import quote

import jinja2

from services.notify.sending.channels import Mail
from services.notify.sending.mime import deliverable, encode, sender
from services.notify.sending.model import Turn
from services.notify.sending.moments import written_out
from services.notify.tellings.contents import (
    TEXTED_BY_SUBJECT,
    Content,
    PracticeCommunication,
    template_of,
)
from services.notify.tellings.errors import NotRenderable
from shared.contracts.languages import Language, language_of
from shared.contracts.sealed import SealPurpose

SUBJECT = re.compile(r"\ASubject: (?P<subject>[^\n]+)\n\n(?P<text>.+)\Z", re.DOTALL)
BREAKS = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069]+")
LAYOUT = "layout.html"  # all markup there is
NOT_ME = "not-me"  # the text message of every change of credentials, and of a freeze
LONGEST_LINE = 72  # of the text part: what is quoted in an answer still fits
LONGEST_NAME = 40  # of a practice, in a text message
UNWRITABLE = (jinja2.TemplateError, ArithmeticError, LookupError, TypeError, ValueError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A message before it is a mail."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """A message where it is no mail: without what a mail says of itself at its foot."""

    subject: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Portal:
    """Who writes, and where the links lead."""

    name: str
    url: str
    pages: Mapping[SealPurpose, str]  # paths below the URL
    mail_from: str
    mail_domain: str

    def link(self, purpose: SealPurpose, secret: str) -> str:
        """The secret is in the fragment: no server on the way, and no referrer, sees it (RC-3)."""
        return f"{self.url}/{self.pages[purpose]}#{quote(secret, safe='')}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Renderer:
    """Turns deliveries into mails. An undeclared variable is an error, never an empty place."""

    portal: Portal
    sender: str
    templates: jinja2.Environment

    @classmethod
    def of(cls, portal: Portal) -> Self:
        """Read the templates that come with this service."""
        environment = jinja2.Environment(
            loader=jinja2.PackageLoader("services.notify.tellings"),
            undefined=jinja2.StrictUndefined,
            autoescape=jinja2.select_autoescape(enabled_extensions=("html",), default=False),
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            auto_reload=False,
        )
        environment.globals.clear()  # not even what Jinja declares for everybody
        return cls(
            portal=portal,
            sender=sender(one_line(portal.name), portal.mail_from),
            templates=environment,
        )

    def mail(
        self,
        delivery: Turn,
        *,
        link: str | None,
        address: str,
        return_path: str,
        now: datetime,
    ) -> Mail:
        """Write one delivery as a mail; the Message-ID is the delivery's, however often it goes.

        Raises AddressInvalid, NotRenderable.
        """
        to = deliverable(address)
        try:
            content = self._written(delivery, link=link, to=to, now=now)
        except UNWRITABLE as error:
            raise NotRenderable from error
        return Mail(sender=return_path, recipient=to, content=content)

    def _written(self, delivery: Turn, *, link: str | None, to: str, now: datetime) -> bytes:
        found = self.render(
            delivery.content, locale=delivery.locale, time_zone=delivery.time_zone, link=link
        )
        headers = {
            "From": self.sender,
            "To": to,
            "Subject": found.subject,
            "Date": format_datetime(now),
            "Message-ID": f"<{delivery.id}@{self.portal.mail_domain}>",
            "Auto-Submitted": "auto-generated",  # RFC 3834: no answering machine answers
            "X-Auto-Response-Suppress": "DR, RN, NRN, OOF, AutoReply",  # nor Exchange; NDR stays
            "Content-Language": spoken(delivery.locale),
        }
        if delivery.of_practice:  # and nowhere else: nobody unsubscribes from account activity
            headers["List-Unsubscribe"] = f"<{link}>"
            headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        return encode(headers, text=found.text, html=found.html, mark=delivery.id.hex)

    def render(
        self, content: Content, *, locale: str, time_zone: str, link: str | None = None
    ) -> Rendered:
        """Fill the template with exactly its declared variables."""
        language = spoken(locale)
        variables = self.variables(content, locale=locale, time_zone=time_zone, link=link)
        subject, message = self.written(content, language, variables)
        foot = paragraphs(self.filled(f"{language}/footers/{content.message_class}.txt", variables))
        page = self.templates.get_template(LAYOUT).render(
            language=language,
            portal_name=variables["portal_name"],
            message=message,
            foot=foot,
            link=link,
            values=variables.values(),
        )
        return Rendered(subject=subject, text=wrapped([*message, *foot]) + "\n", html=page)

    def notice(self, content: Content, *, locale: str | None, time_zone: str | None) -> Printed:
        """Write it as a notice in the portal, from the same template (NT-8). Raises NotRenderable.

        An account that has not arrived here yet has no locale: then it is English, in UTC.
        """
        wanted, zone = locale or Language.ENGLISH, time_zone or "UTC"
        variables = self.variables(content, locale=wanted, time_zone=zone, link=None)
        try:
            subject, message = self.written(content, spoken(wanted), variables)
        except UNWRITABLE as error:
            raise NotRenderable from error
        return Printed(subject=subject, text=wrapped(message))

    def text(
        self, content: Content, *, locale: str, time_zone: str, link: str | None = None
    ) -> str:
        """Write it as a text message: one line, small enough for one or two parts (NT-3). Of a
        change of credentials it is the mail's subject, with the link, and of a freeze without.

        Raises NotRenderable.
        """
        variables = self.variables(content, locale=locale, time_zone=time_zone, link=link)
        if isinstance(content, PracticeCommunication):
            variables["practice_name"] = cut(str(variables["practice_name"]))
        name, language = template_of(content), spoken(locale)
        try:
            if type(content) in TEXTED_BY_SUBJECT:
                name, variables["subject"] = NOT_ME, self.written(content, language, variables)[0]
            filled = self.filled(f"{language}/texts/{name}.txt", variables)
        except UNWRITABLE as error:
            raise NotRenderable from error
        return one_line(filled)

    def written(
        self, content: Content, language: Language, variables: Mapping[str, object]
    ) -> tuple[str, Sequence[str]]:
        """Fill a mail's source; its subject and its paragraphs."""
        name = f"{language}/{template_of(content)}.txt"
        parts = SUBJECT.match(self.filled(name, variables))
        if parts is None:
            raise ValueError(f"{name} does not begin with its subject")
        return one_line(parts["subject"]), paragraphs(parts["text"])

    def filled(self, name: str, variables: Mapping[str, object]) -> str:
        return self.templates.get_template(name).render(variables)

    def variables(
        self, content: Content, *, locale: str, time_zone: str, link: str | None
    ) -> dict[str, object]:
        """The declared fields as they are printed, the portal's name, the link, and the page that
        takes it: a link that a mail program breaks can be pasted there (NT-4).
        """
        language = spoken(locale)
        found: dict[str, object] = {"portal_name": one_line(self.portal.name)}
        for field in content.__struct_fields__:
            match getattr(content, field):
                case datetime() as moment:
                    found[field] = one_line(
                        written_out(moment, language=language, locale=locale, time_zone=time_zone)
                    )
                case int() | None as value:
                    found[field] = value
                case value:
                    found[field] = one_line(str(value))
        if link is not None:
            found["link"], found["page"] = link, link.partition("#")[0]
        return found


def spoken(locale: str) -> Language:
    """Choose the language of a mail: a locale that nothing is written in gets English."""
    return language_of(locale) or Language.ENGLISH


def cut(name: str) -> str:
    """Shorten what has no room in a text message; its three dots are in GSM's alphabet."""
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 3].rstrip()}..."


def paragraphs(text: str) -> Sequence[str]:
    """Part a filled source at its empty lines. Where else its lines end says nothing, since names
    of any length are filled in.
    """
    return [words for each in text.split("\n\n") if (words := " ".join(each.split()))]


def wrapped(message: Sequence[str]) -> str:
    """Break each paragraph into lines of at most 72 characters; a link stays whole."""
    return "\n\n".join(broken(each) for each in message)


def broken(paragraph: str) -> str:
    lines, rest = [], paragraph
    while len(rest) > LONGEST_LINE:
        end = rest.rfind(" ", 0, LONGEST_LINE + 1)
        if end < 0 and (end := rest.find(" ")) < 0:
            break
        lines.append(rest[:end])
        rest = rest[end + 1 :]
    return "\n".join((*lines, rest))


def one_line(text: str) -> str:
    """Take out what begins a new line or turns the writing round: no name adds a header."""
    return BREAKS.sub(" ", text).strip()
