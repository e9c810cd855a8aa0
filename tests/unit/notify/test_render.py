"""Templates: declared variables only, nothing that does not belong into a mail (NT-4)."""

import html
import re
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import get_type_hints

import jinja2
import pytest
from jinja2 import meta

import services.notify.tellings
from services.notify.sending.render import LONGEST_LINE, MOMENTS, Portal, Renderer, one_line
from services.notify.tellings import contents
from services.notify.tellings.contents import (
    CONTENTS,
    LINKED,
    MAILED_ONLY,
    PLAIN,
    Content,
    template_of,
)
from services.notify.tellings.model import MessageClass
from shared.contracts.identity import (
    AccountLocked,
    EnrolmentEnded,
    MergeRefusal,
    ResetRoute,
)
from shared.contracts.notify import Topic
from shared.contracts.sealed import SealPurpose
from tests.builders.events import ADDRESS
from tests.builders.turns import a_turn
from tests.support.clock import START

FOLDER = Path(services.notify.tellings.__file__).parent / "templates"
LOCALES = sorted(entry.name for entry in FOLDER.iterdir() if entry.is_dir())
PORTAL = Portal(
    name="Portico",
    url="https://portal.example",
    mail_from="portal@portico.example",
    mail_domain="portico.example",
)
LINK = "https://portal.example/reset-password#secret"
LONG_LINK = "https://portal.example/reset-password#" + "s" * 60
LOCKED, ENDED = PLAIN[AccountLocked], PLAIN[EnrolmentEnded]
SAMPLES = {
    str: "Elm Street",
    int: 60,
    datetime: START,
    Topic: Topic.HEALTH_RECORD,
    ResetRoute: ResetRoute.LINK,
    MergeRefusal: MergeRefusal.PROOF_STALE,
}


def sample(kind: type[Content], **changed: object) -> Content:
    """A content with something in every field."""
    hints = get_type_hints(kind)
    fields = {name: SAMPLES[hints[name]] for name in kind.__struct_fields__}
    return kind(**{**fields, **changed})


def declared(kind: type[Content]) -> set[str]:
    link = {"link"} if kind in LINKED else set()
    return {"portal_name", *kind.__struct_fields__, *link}


def mail_of(content: Content, *, renderer: Renderer | None = None, **rest: str) -> EmailMessage:
    link = LINK if type(content) in LINKED else None
    turn = a_turn(content, **rest)
    made = (renderer or Renderer.of(PORTAL)).mail(turn, link=link, address=turn.address, now=START)
    return message_from_bytes(made.content, policy=policy.default)


def parts_of(mail: EmailMessage) -> list[str]:
    """The words of both parts."""
    return [" ".join(part_of(mail, kind).split()) for kind in ("plain", "html")]


def used(renderer: Renderer, name: str) -> set[str]:
    """Every variable of a template and of what it includes and extends."""
    environment = renderer.templates
    assert environment.loader is not None
    source = environment.loader.get_source(environment, name)[0]
    tree = environment.parse(source)
    found = set(meta.find_undeclared_variables(tree))
    for other in meta.find_referenced_templates(tree):
        assert other is not None, f"{name} names a template only when it runs"
        found |= used(renderer, other)
    return found


every_content = pytest.mark.parametrize("kind", CONTENTS, ids=template_of)
every_locale = pytest.mark.parametrize("locale", LOCALES)


@pytest.mark.proves("NT-4")
@every_content
@every_locale
def test_a_template_uses_only_declared_variables_and_every_one_of_them(
    locale: str, kind: type[Content]
) -> None:
    renderer = Renderer.of(PORTAL)
    source = used(renderer, f"{locale}/{template_of(kind)}.txt")
    foot = used(renderer, f"{locale}/footers/{kind.message_class}.txt")

    assert source | foot == declared(kind)


LONG = {"practice_name": "Gemeinschaftspraxis " + "für innere Medizin " * 9, "username": "u" * 90}


@pytest.mark.proves("NT-4")
@every_content
@every_locale
@pytest.mark.parametrize("long", [False, True])
def test_text_and_html_say_the_same_in_paragraphs_and_short_lines(
    locale: str, kind: type[Content], long: bool
) -> None:
    changed = {name: LONG[name] for name in kind.__struct_fields__ if name in LONG and long}

    found = Renderer.of(PORTAL).render(
        sample(kind, **changed),
        locale=locale,
        time_zone="UTC",
        link=LONG_LINK if kind in LINKED else None,
    )

    assert found.subject
    assert "<html" in found.html
    assert not any("{{" in text for text in (found.subject, found.text, found.html))
    lines = found.text.split("\n")
    assert all(len(line) <= LONGEST_LINE or " " not in line for line in lines)
    assert found.text == found.text.rstrip() + "\n" != "\n"
    said = [" ".join(each.split()) for each in found.text.split("\n\n")]
    assert said == [words for words in paragraphs(found.html) if words]


def paragraphs(page: str) -> list[str]:
    """What a reader of the HTML part sees, paragraph by paragraph."""
    body = page.partition("<body")[2].partition(">")[2]
    return [
        " ".join(html.unescape(re.sub(r"<[^>]+>", "", each)).split())
        for each in re.split(r"</?(?:p|div|body)\b[^>]*>", body)
    ]


@pytest.mark.parametrize("kind", [kind for kind in CONTENTS if kind in LINKED], ids=template_of)
@every_locale
def test_a_link_is_whole_on_a_line_of_its_own_and_an_anchor_in_html(
    locale: str, kind: type[Content]
) -> None:
    found = Renderer.of(PORTAL).render(sample(kind), locale=locale, time_zone="UTC", link=LONG_LINK)

    assert f"\n\n{LONG_LINK}\n\n" in found.text
    assert re.findall(r"<a[^>]*>.*?</a>", found.html) == [f'<a href="{LONG_LINK}">{LONG_LINK}</a>']


def test_the_layout_has_no_words_so_a_locale_is_one_folder_with_a_file_a_mail() -> None:
    layout = (FOLDER / "layout.html").read_text()

    assert re.sub(r"<[^>]+>|\{%.*?%\}|\{\{.*?\}\}", "", layout).split() == []
    assert {entry.name for entry in FOLDER.iterdir()} == {"layout.html", *LOCALES}


def test_answering_machines_are_asked_to_keep_still_and_bounces_are_not() -> None:
    mail = mail_of(sample(LOCKED))

    assert mail["Auto-Submitted"] == "auto-generated"
    suppressed = mail["X-Auto-Response-Suppress"].split(", ")
    assert {"OOF", "AutoReply"} <= set(suppressed)
    assert not {"All", "NDR"} & set(suppressed)


def test_a_missing_variable_is_an_error_and_never_an_empty_place() -> None:
    with pytest.raises(jinja2.UndefinedError):
        Renderer.of(PORTAL).render(sample(contents.ResetLink), locale="en", time_zone="UTC")


def test_every_locale_has_every_template_and_its_way_to_write_a_moment() -> None:
    for locale in LOCALES:
        assert locale in MOMENTS
        folder = FOLDER / locale
        found = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
        wanted = {f"{template_of(kind)}.txt" for kind in CONTENTS}
        wanted |= {f"footers/{one}.txt" for one in MessageClass}
        assert wanted - found == set(), f"{locale} lacks these: write them"
        assert found - wanted == set(), f"{locale} has these, and no content has their names"


@pytest.mark.proves("NT-4")
@every_content
def test_a_subject_says_nothing_but_the_portal_s_name(kind: type[Content]) -> None:
    said = {name: "HIV clinic" for name, hint in get_type_hints(kind).items() if hint is str}
    fields = {name: value for name, value in said.items() if name in kind.__struct_fields__}

    mail = mail_of(sample(kind, **fields))

    assert "HIV clinic" not in mail["Subject"]
    assert "health" not in mail["Subject"].lower()
    assert not fields or all("HIV clinic" in words for words in parts_of(mail))


@pytest.mark.proves("NT-4")
def test_no_content_but_rc_1_s_has_a_username_and_none_a_patient_s_name() -> None:
    fields = {
        field
        for kind in CONTENTS
        if kind is not contents.UsernameReminder
        for field in kind.__struct_fields__
    }

    assert contents.UsernameReminder.__struct_fields__ == ("username",)
    assert fields == {
        "life_minutes",
        "link_expires_at",
        "locked_until",
        "new_username",  # masked, both of them
        "occurred_at",
        "old_username",
        "practice_contact",
        "practice_name",
        "reason",
        "route",
        "topic",
    }


@pytest.mark.parametrize(
    "name", ["Elm\r\nBcc: x@y.example", "Elm\nStreet", "Elm\u2028Street", "Elm\x00\x0bStreet"]
)
def test_line_breaks_in_a_name_begin_no_header_and_no_line(name: str) -> None:
    content = sample(contents.PracticeCommunication, practice_name=name)
    portal = Portal(name=name, url=PORTAL.url, mail_from=PORTAL.mail_from, mail_domain="m.example")

    mail = mail_of(content, renderer=Renderer.of(portal))

    assert mail["Bcc"] is None
    assert [str(address) for address in mail["To"].addresses] == [ADDRESS]
    assert "\r" not in mail["Subject"]
    assert "\n" not in mail["Subject"]
    paragraphs = [" ".join(each.split()) for each in part_of(mail, "plain").split("\n\n")]
    assert one_line(name) in paragraphs[0]
    assert len(paragraphs) == len(part_of(mail_of(content), "plain").split("\n\n"))


def part_of(mail: EmailMessage, kind: str) -> str:
    found = mail.get_body((kind,))
    assert found is not None
    return str(found.get_content()).replace("\r\n", "\n")


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        (contents.PracticeCommunication, "practice_name"),
        (ENDED, "practice_contact"),  # alone in its paragraph
        (contents.UsernameReminder, "username"),
    ],
)
def test_markup_in_a_name_stays_text_in_html(kind: type[Content], field: str) -> None:
    content = sample(kind, **{field: '<b>Elm</b> & "Co"'})

    mail = mail_of(content)

    assert "<b>Elm</b>" not in part_of(mail, "html")
    assert '<b>Elm</b> & "Co"' in part_of(mail, "plain")
    assert '<b>Elm</b> & "Co"' in " ".join(paragraphs(part_of(mail, "html")))


@pytest.mark.proves("RC-3")
@pytest.mark.parametrize(
    ("minutes", "printed"), [(15, "15 minutes"), (60, "60 minutes"), (1440, "24 hours")]
)
def test_the_life_of_a_reset_link_is_printed(minutes: int, printed: str) -> None:
    mail = mail_of(sample(contents.ResetLink, life_minutes=minutes))

    assert all(f"works for {printed}," in words for words in parts_of(mail))


@pytest.mark.parametrize("reason", MergeRefusal)
def test_every_reason_for_a_merge_that_was_not_done_is_told_in_a_paragraph_of_plain_words(
    reason: MergeRefusal,
) -> None:
    mail = mail_of(sample(contents.MergeRejected, reason=reason))

    assert "\n\nIf it was not you who asked for it" in part_of(mail, "plain")
    for words in parts_of(mail):
        assert re.search(r"nothing was changed: [a-z ]{20,}\.", words)
        assert reason not in words


@pytest.mark.parametrize("kind", [contents.AccountEnrolledTaken, contents.EmailTaken])
@pytest.mark.proves("EN-1")
def test_who_has_two_accounts_is_offered_to_merge_and_add_practices(kind: type[Content]) -> None:
    for words in parts_of(mail_of(sample(kind))):
        assert "merge accounts" in words
        assert "the practice is added to it" in words


@pytest.mark.parametrize("kind", [kind for kind in CONTENTS if kind not in MAILED_ONLY])
@every_locale
def test_a_notice_is_the_mail_s_text_without_its_foot(locale: str, kind: type[Content]) -> None:
    renderer = Renderer.of(PORTAL)
    mail = renderer.render(sample(kind), locale=locale, time_zone="UTC")

    told = renderer.notice(sample(kind), locale=locale, time_zone="UTC")

    assert told.subject == mail.subject
    assert mail.text.startswith(f"{told.text}\n\nPortico sends this mail because")


@every_content
def test_the_foot_says_why_one_gets_a_mail_of_this_class(kind: type[Content]) -> None:
    why = "of something that happened with your account"
    if kind is contents.PracticeCommunication:
        why = "you are enrolled at Elm Street"

    mail = mail_of(sample(kind))

    assert all(f"sends this mail because {why}" in words for words in parts_of(mail))


def test_what_belongs_at_an_address_only_can_be_no_notice() -> None:
    assert LINKED < MAILED_ONLY
    assert contents.UsernameReminder in MAILED_ONLY


def test_moments_are_printed_in_the_account_s_time_zone() -> None:
    content = sample(LOCKED, locked_until=START + timedelta(minutes=20))

    there = part_of(mail_of(content, time_zone="America/New_York"), "plain")

    assert "5 March 2031 at 04:20 (EST)" in there


@pytest.mark.parametrize("locale", ["en-GB", "en_US", "EN", "xx", "", "../en", "layout.html"])
def test_a_locale_falls_back_to_its_language_and_then_to_english(locale: str) -> None:
    mail = mail_of(sample(LOCKED), locale=locale)

    assert mail["Content-Language"] == "en"
    assert mail["Subject"].startswith("Your Portico account is locked")


def test_the_message_id_is_the_delivery_s_however_often_it_is_sent() -> None:
    one, renderer = a_turn(sample(LOCKED)), Renderer.of(PORTAL)

    sent = [
        renderer.mail(one, link=None, address=ADDRESS, now=START + timedelta(hours=hours))
        for hours in range(2)
    ]

    ids = {message_from_bytes(mail.content, policy=policy.default)["Message-ID"] for mail in sent}
    assert ids == {f"<{one.id}@portico.example>"}


def test_a_link_s_secret_is_in_the_fragment() -> None:
    reset = PORTAL.link(SealPurpose.RESET_LINK, "a-b_c")
    verify = PORTAL.link(SealPurpose.EMAIL_VERIFICATION, "a b/c")

    assert reset == "https://portal.example/reset-password#a-b_c"
    assert verify == "https://portal.example/verify-email#a%20b%2Fc"
