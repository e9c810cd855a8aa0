"""Templates: declared variables only, nothing that does not belong into a mail (NT-4)."""

import html
import re
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from itertools import combinations
from pathlib import Path
from typing import get_type_hints

import jinja2
import pytest
from jinja2 import meta

import services.notify.tellings
from services.notify.sending.render import LONGEST_LINE, Portal, Renderer, one_line
from services.notify.tellings import contents
from services.notify.tellings.contents import (
    CONTENTS,
    LINKED,
    MAILED_ONLY,
    PLAIN,
    REPUDIABLE,
    Content,
    template_of,
)
from services.notify.tellings.model import MessageClass
from shared.contracts.identity import (
    AccountLocked,
    AccountsMerged,
    AccountUnlocked,
    AuthenticatorAppReplaced,
    DeviceTrusted,
    EnrolmentEnded,
    MergeRefusal,
    PasskeyMade,
    PasswordChanged,
    PasswordDisabled,
    PlainActivity,
    RecoveryCodesMade,
    ReviewRefusal,
    TwoStepModeChanged,
    TwoStepReset,
    UsernameChanged,
    UsernameRead,
)
from shared.contracts.languages import Language
from shared.contracts.notify import Topic
from shared.contracts.recovery import RecoveryLocked
from shared.contracts.sealed import SealPurpose
from tests.builders.contents import WITH_LINK, WITH_PAGE, sample
from tests.builders.events import ADDRESS
from tests.builders.turns import a_turn
from tests.support.clock import START

FOLDER = Path(services.notify.tellings.__file__).parent / "templates"
LOCALES = sorted(Language)
PORTAL = Portal(
    name="Portico",
    url="https://portal.example",
    pages={SealPurpose.EMAIL_VERIFICATION: "verify-email", SealPurpose.RESET_LINK: "new/password"},
    mail_from="portal@portico.example",
    mail_domain="portico.example",
)
RETURN_PATH = "portal+tag@portico.example"
LINK = "https://portal.example/new/password#secret"
LONG_LINK = "https://portal.example/new/password#" + "s" * 60
LOCKED, ENDED = PLAIN[AccountLocked], PLAIN[EnrolmentEnded]


def declared(kind: type[Content]) -> set[str]:
    link = ({"link"} if kind in WITH_LINK else set()) | ({"page"} if kind in WITH_PAGE else set())
    return {"portal_name", *kind.__struct_fields__, *link}


def mail_of(content: Content, *, renderer: Renderer | None = None, **rest: str) -> EmailMessage:
    link = LINK if type(content) in WITH_LINK else None
    turn = a_turn(content, **rest)
    made = (renderer or Renderer.of(PORTAL)).mail(
        turn, link=link, address=turn.address, return_path=RETURN_PATH, now=START
    )
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


TEXTS = {
    "practice_name",
    "practice_contact",
    "username",
    "old_username",
    "new_username",
    "new_email",
}
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
        link=LONG_LINK if kind in WITH_LINK else None,
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


@pytest.mark.parametrize("kind", [kind for kind in CONTENTS if kind in WITH_PAGE], ids=template_of)
@every_locale
def test_a_link_is_whole_on_a_line_of_its_own_and_an_anchor_in_html(
    locale: str, kind: type[Content]
) -> None:
    found = Renderer.of(PORTAL).render(sample(kind), locale=locale, time_zone="UTC", link=LONG_LINK)

    assert f"\n\n{LONG_LINK}\n\n" in found.text
    assert re.findall(r"<a[^>]*>.*?</a>", found.html) == [f'<a href="{LONG_LINK}">{LONG_LINK}</a>']


@pytest.mark.proves("NT-4")
@pytest.mark.parametrize("kind", [kind for kind in CONTENTS if kind in WITH_PAGE], ids=template_of)
@every_locale
def test_a_mail_with_a_link_says_on_which_page_it_can_be_pasted(
    locale: str, kind: type[Content]
) -> None:
    said = {"en": "paste it on this page", "es": "péguelo en esta página"}[locale]

    for words in parts_of(mail_of(sample(kind), locale=locale)):
        assert re.search(rf"{said}: https://portal\.example/new/password[ <]", words)


def test_the_layout_has_no_words_so_a_locale_is_one_folder_with_a_file_a_mail() -> None:
    layout = (FOLDER / "layout.html").read_text()

    assert re.sub(r"<[^>]+>|\{%.*?%\}|\{\{.*?\}\}", "", layout).split() == []
    assert {entry.name for entry in FOLDER.iterdir()} == {"layout.html", *LOCALES}


@pytest.mark.proves("NT-7")
@every_content
def test_a_practice_s_mails_alone_can_be_unsubscribed_from_by_one_click(
    kind: type[Content],
) -> None:
    mail = mail_of(sample(kind))

    of_practice = kind.message_class is MessageClass.PRACTICE_COMMUNICATION
    assert mail["List-Unsubscribe"] == (f"<{LINK}>" if of_practice else None)
    assert mail["List-Unsubscribe-Post"] == ("List-Unsubscribe=One-Click" if of_practice else None)


@pytest.mark.proves("NT-7")
@every_locale
def test_a_practice_s_mail_has_the_link_in_its_foot_as_well(locale: str) -> None:
    found = Renderer.of(PORTAL).render(
        sample(contents.PracticeCommunication), locale=locale, time_zone="UTC", link=LONG_LINK
    )

    said = {
        "en": "To get no more e-mails of this kind from Elm Street",
        "es": "Para no recibir más",
    }
    assert said[locale] in found.text
    assert found.text.endswith(f"\n\n{LONG_LINK}\n")
    assert re.findall(r"<a[^>]*>.*?</a>", found.html) == [f'<a href="{LONG_LINK}">{LONG_LINK}</a>']


def test_answering_machines_are_asked_to_keep_still_and_bounces_are_not() -> None:
    mail = mail_of(sample(LOCKED))

    assert mail["Auto-Submitted"] == "auto-generated"
    suppressed = mail["X-Auto-Response-Suppress"].split(", ")
    assert {"OOF", "AutoReply"} <= set(suppressed)
    assert not {"All", "NDR"} & set(suppressed)


def test_a_missing_variable_is_an_error_and_never_an_empty_place() -> None:
    with pytest.raises(jinja2.UndefinedError):
        Renderer.of(PORTAL).render(sample(contents.ResetLink), locale="en", time_zone="UTC")


TEXTED: tuple[type[contents.Content], ...] = (*contents.TEXTED_ONLY, contents.PracticeCommunication)


def test_every_locale_has_every_template() -> None:
    for locale in LOCALES:
        folder = FOLDER / locale
        found = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
        wanted = {f"{template_of(kind)}.txt" for kind in CONTENTS}
        wanted |= {f"footers/{one}.txt" for one in MessageClass}
        wanted |= {f"texts/{template_of(kind)}.txt" for kind in TEXTED}
        wanted |= {"parts/not-me.txt", "texts/not-me.txt"}
        assert wanted - found == set(), f"{locale} lacks these: write them"
        assert found - wanted == set(), f"{locale} has these, and no content has their names"


@pytest.mark.proves("NT-4")
@every_content
def test_a_mail_says_the_same_in_every_language_and_says_it_in_that_language(
    kind: type[Content],
) -> None:
    there = replace(PORTAL, name="#")
    link = LINK if kind in WITH_LINK else None
    each = [
        Renderer.of(there).render(
            sample(kind, **{name: "#" for name in TEXTS if name in kind.__struct_fields__}),
            locale=locale,
            time_zone="UTC",
            link=link,
        )
        for locale in LOCALES
    ]

    said = [[found.subject, *found.text.strip().split("\n\n")] for found in each]

    for first, second in combinations(said, 2):
        assert len(first) == len(second)
        shared = {words for words in first if words in second}
        assert shared <= {LINK, "#"}


@pytest.mark.proves("NT-4")
@every_content
@every_locale
def test_a_subject_says_nothing_but_the_portal_s_name(locale: str, kind: type[Content]) -> None:
    said = {name: "HIV clinic" for name, hint in get_type_hints(kind).items() if hint is str}
    fields = {name: value for name, value in said.items() if name in kind.__struct_fields__}

    mail = mail_of(sample(kind, **fields), locale=locale)

    assert "HIV clinic" not in mail["Subject"]
    assert not re.search("health|salud", mail["Subject"].lower())
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
        "address",  # masked, as the next is
        "cause",
        "closed",
        "email_put_back",
        "email_removed",
        "expires_at",
        "life_minutes",
        "link_expires_at",
        "locked_until",
        "mode",
        "new_email",  # masked, as both usernames are
        "new_username",
        "no_password",
        "occurred_at",
        "old_username",
        "practice_contact",
        "practice_name",
        "reason",
        "reserved_until",
        "review_until",
        "route",
        "sent_at",
        "topic",
        "trusted_until",
    }


@pytest.mark.parametrize(
    "name", ["Elm\r\nBcc: x@y.example", "Elm\nStreet", "Elm\u2028Street", "Elm\x00\x0bStreet"]
)
def test_line_breaks_in_a_name_begin_no_header_and_no_line(name: str) -> None:
    content = sample(contents.PracticeCommunication, practice_name=name)
    portal = replace(PORTAL, name=name)

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
    ("locale", "minutes", "printed"),
    [
        ("en", 15, "works for 15 minutes,"),
        ("en", 60, "works for 60 minutes,"),
        ("en", 1440, "works for 24 hours,"),
        ("es", 60, "funciona durante 60 minutos,"),
        ("es", 1440, "funciona durante 24 horas,"),
    ],
)
def test_the_life_of_a_reset_link_is_printed(locale: str, minutes: int, printed: str) -> None:
    mail = mail_of(sample(contents.ResetLink, life_minutes=minutes), locale=locale)

    assert all(printed in words for words in parts_of(mail))


@pytest.mark.proves("RC-3")
@pytest.mark.parametrize(
    ("locale", "time_zone", "printed"),
    [
        ("en", "America/New_York", "until March 5, 2031, 5:00 AM (EST), and only once"),
        ("en-US", "America/Los_Angeles", "until March 5, 2031, 2:00 AM (PST), and only once"),
        ("en-GB", "Europe/London", "until 5 March 2031, 10:00 (GMT), and only once"),
        ("es", "Europe/Madrid", "hasta el 5 de marzo de 2031, 11:00 (CET), y solo una vez"),
        ("es-US", "America/New_York", "hasta el 5 de marzo de 2031, 5:00 a.m. (EST), y solo una"),
        ("es-MX", "America/Mexico_City", "hasta el 5 de marzo de 2031, 4:00 a.m. (CST), y solo"),
    ],
)
def test_a_reset_link_s_end_is_printed_in_the_account_s_time_zone(
    locale: str, time_zone: str, printed: str
) -> None:
    content = sample(contents.ResetLink, link_expires_at=START + timedelta(minutes=60))

    mail = mail_of(content, locale=locale, time_zone=time_zone)

    assert all(printed in words for words in parts_of(mail))


@pytest.mark.parametrize("reason", MergeRefusal)
@pytest.mark.parametrize(
    ("locale", "before", "after"),
    [
        ("en", "nothing was changed", "If it was not you who asked for it"),
        ("es", "no se cambió nada", "Si no lo pidió usted"),
    ],
)
def test_every_reason_for_a_merge_that_was_not_done_is_told_in_a_paragraph_of_plain_words(
    locale: str, before: str, after: str, reason: MergeRefusal
) -> None:
    mail = mail_of(sample(contents.MergeRejected, reason=reason), locale=locale)

    assert f"\n\n{after}" in part_of(mail, "plain")
    for words in parts_of(mail):
        assert re.search(rf"{before}: [a-záéíóúñ ]{{20,}}\.", words)
        assert reason not in words


@pytest.mark.parametrize("reason", ReviewRefusal)
@pytest.mark.parametrize(
    ("locale", "before"), [("en", "nothing was changed"), ("es", "no se cambió nada")]
)
def test_every_reason_for_which_a_review_ended_is_told_in_plain_words(
    locale: str, before: str, reason: ReviewRefusal
) -> None:
    mail = mail_of(sample(contents.MergeReviewRefused, reason=reason), locale=locale)

    for words in parts_of(mail):
        assert re.search(rf"{before}: [a-záéíóúñ ]{{20,}}\.", words)
        assert reason not in words


@pytest.mark.parametrize("topic", Topic)
@pytest.mark.parametrize(("locale", "has"), [("en", "has"), ("es", "tiene")])
def test_every_topic_of_a_practice_is_told_in_plain_words(
    locale: str, has: str, topic: Topic
) -> None:
    content = sample(contents.PracticeCommunication, topic=topic)

    for words in parts_of(mail_of(content, locale=locale)):
        assert re.search(rf"Elm Street {has} [a-z ]{{7,}} (for you|para usted) ", words)


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
    link = None if kind in REPUDIABLE else LONG_LINK
    mail = renderer.render(sample(kind), locale=locale, time_zone="UTC", link=link)

    told = renderer.notice(sample(kind), locale=locale, time_zone="UTC")

    assert told.subject == mail.subject
    foot = {"en": "Portico sends this mail because", "es": "Portico envía este correo por"}
    assert mail.text.startswith(f"{told.text}\n\n{foot[locale]}")


@every_content
@pytest.mark.parametrize(
    ("locale", "account", "practice"),
    [
        ("en", "because of something that happened", "because you are enrolled at Elm Street"),
        ("es", "por algo que ocurrió", "porque usted tiene una inscripción en Elm Street"),
    ],
)
def test_the_foot_says_why_one_gets_a_mail_of_this_class(
    locale: str, account: str, practice: str, kind: type[Content]
) -> None:
    why = practice if kind is contents.PracticeCommunication else account

    mail = mail_of(sample(kind), locale=locale)

    assert all(f" {why}" in words for words in parts_of(mail))


def test_what_belongs_at_an_address_only_can_be_no_notice() -> None:
    assert LINKED < MAILED_ONLY
    assert contents.UsernameReminder in MAILED_ONLY


@pytest.mark.parametrize(
    ("locale", "time_zone", "printed"),
    [
        ("en", "America/New_York", "March 5, 2031, 4:20 AM (EST)"),
        ("en-US", "America/Los_Angeles", "March 5, 2031, 1:20 AM (PST)"),
        ("en-GB", "Europe/London", "5 March 2031, 09:20 (GMT)"),
        ("es", "Europe/Madrid", "5 de marzo de 2031, 10:20 (CET)"),
        ("es-US", "America/New_York", "5 de marzo de 2031, 4:20 a.m. (EST)"),
        ("es_MX", "America/Mexico_City", "5 de marzo de 2031, 3:20 a.m. (CST)"),
        ("es-ZZ", "nowhere", "5 de marzo de 2031, 9:20 (UTC)"),
        ("de", "America/New_York", "March 5, 2031, 4:20 AM (EST)"),
    ],
)
def test_moments_are_printed_in_the_account_s_time_zone_as_its_country_writes_them(
    locale: str, time_zone: str, printed: str
) -> None:
    content = sample(LOCKED, locked_until=START + timedelta(minutes=20))

    there = part_of(mail_of(content, locale=locale, time_zone=time_zone), "plain")

    assert printed in " ".join(there.split())


@pytest.mark.parametrize("locale", ["en-GB", "en_US", "EN", "xx", "", "../en", "layout.html"])
def test_a_locale_falls_back_to_its_language_and_then_to_english(locale: str) -> None:
    mail = mail_of(sample(LOCKED), locale=locale)

    assert mail["Content-Language"] == "en"
    assert mail["Subject"].startswith("Your Portico account is locked")


@pytest.mark.parametrize("locale", ["es", "es-US", "es_MX", "ES"])
def test_who_reads_spanish_is_written_to_in_spanish(locale: str) -> None:
    mail = mail_of(sample(LOCKED), locale=locale)

    assert mail["Content-Language"] == "es"
    assert mail["Subject"].startswith("Su cuenta de Portico está bloqueada")
    assert '<html lang="es">' in part_of(mail, "html")


def test_the_message_id_is_the_delivery_s_however_often_it_is_sent() -> None:
    one, renderer = a_turn(sample(LOCKED)), Renderer.of(PORTAL)

    sent = [
        renderer.mail(
            one,
            link=None,
            address=ADDRESS,
            return_path=RETURN_PATH,
            now=START + timedelta(hours=hours),
        )
        for hours in range(2)
    ]

    ids = {message_from_bytes(mail.content, policy=policy.default)["Message-ID"] for mail in sent}
    assert ids == {f"<{one.id}@portico.example>"}


def test_a_link_s_secret_is_in_the_fragment() -> None:
    reset = PORTAL.link(SealPurpose.RESET_LINK, "a-b_c")
    verify = PORTAL.link(SealPurpose.EMAIL_VERIFICATION, "a b/c")

    assert reset == "https://portal.example/new/password#a-b_c"
    assert verify == "https://portal.example/verify-email#a%20b%2Fc"


GSM = set("@£$¥èéùìòÇ\nØøÅåΔ_ΦΓΛΩΠΨΣΘΞ ÆæßÉ!\"#¤%&'()*+,-./0123456789:;<=>?¡") | set(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)  # 3GPP TS 23.038, without its extension
ONE_PART = 160  # characters of it


@pytest.mark.proves("NT-3", "NT-4")
@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("topic", Topic)
def test_a_text_message_is_one_part_and_tells_the_practice_and_nothing_of_what_waits(
    locale: str, topic: Topic
) -> None:
    name = "Elm Street Family Practice and Children's Clinic"
    content = contents.PracticeCommunication(practice_name=name, topic=topic)

    text = Renderer.of(PORTAL).text(content, locale=locale, time_zone="UTC")

    assert len(text) <= ONE_PART
    assert set(text) <= GSM
    assert text.startswith("Elm Street Family Practice and Childr...:")
    assert text == Renderer.of(PORTAL).text(
        contents.PracticeCommunication(practice_name=name, topic=Topic.MESSAGE),
        locale=locale,
        time_zone="UTC",
    )


@pytest.mark.proves("NT-3")
@pytest.mark.parametrize("locale", LOCALES)
def test_a_code_stands_in_its_text_message_once(locale: str) -> None:
    content = contents.NotificationNumberVerification(code="012345")

    text = Renderer.of(PORTAL).text(content, locale=locale, time_zone="UTC")

    assert text.count("012345") == 1
    assert len(text) <= ONE_PART
    assert set(text) <= GSM


@pytest.mark.proves("RC-9")
@pytest.mark.parametrize("kind", [one for one in CONTENTS if one in REPUDIABLE], ids=template_of)
@every_locale
def test_of_a_change_a_text_message_says_what_and_when_with_the_link(
    locale: str, kind: type[Content]
) -> None:
    renderer = Renderer.of(PORTAL)
    mail = renderer.render(sample(kind), locale=locale, time_zone="UTC")

    text = renderer.text(sample(kind), locale=locale, time_zone="UTC", link=LINK)

    assert text.startswith(f"{mail.subject} (")
    assert text.endswith(f"? {LINK}")
    assert "2031" in text
    assert LINK not in renderer.text(sample(kind), locale=locale, time_zone="UTC")


@pytest.mark.proves("RC-9")
@pytest.mark.parametrize("kind", [one for one in CONTENTS if one in REPUDIABLE], ids=template_of)
@pytest.mark.parametrize(
    ("locale", "put_back", "taken_away"),
    [
        (
            "en",
            "an account e-mail that was changed in the last 72 hours is put back",
            "one that was added with this change or after it, where there was none before, is taken"
            " away",
        ),
        (
            "es",
            "un correo de la cuenta que se cambió en las últimas 72 horas vuelve a ser el de antes",
            "uno que se puso con este cambio o después, donde antes no había ninguno, se quita",
        ),
    ],
)
def test_beside_the_link_stands_what_it_makes_of_the_account_e_mail(
    locale: str, put_back: str, taken_away: str, kind: type[Content]
) -> None:
    """Of a first account e-mail, too, which its own link always takes away."""
    for words in parts_of(mail_of(sample(kind), locale=locale)):
        assert put_back in words
        assert taken_away in words


@pytest.mark.proves("RC-9")
@pytest.mark.parametrize("kind", [one for one in CONTENTS if one in REPUDIABLE], ids=template_of)
def test_without_its_link_a_change_is_told_all_the_same_and_the_practice_named(
    kind: type[Content],
) -> None:
    """As a notice, or once the link is dead."""
    told = Renderer.of(PORTAL).render(sample(kind), locale="en", time_zone="UTC")

    assert "If it was not you, contact your practice now." in " ".join(told.text.split())
    assert "date of birth" not in told.text


@pytest.mark.proves("RC-4")
@every_locale
def test_who_is_shut_out_until_the_next_log_on_is_not_told_to_wait(locale: str) -> None:
    renderer, kind = Renderer.of(PORTAL), PLAIN[RecoveryLocked]
    told = [
        renderer.render(sample(kind, closed=closed), locale=locale, time_zone="UTC").text
        for closed in (False, True)
    ]
    for_a_while, closed = (" ".join(text.split()) for text in told)

    wait, ask = {
        "en": ("wait until then", "ask your practice for a code for a new password"),
        "es": ("espere hasta entonces", "pida a su consultorio un código"),
    }[locale[:2]]
    assert wait in for_a_while
    assert wait not in closed
    assert ask in for_a_while
    assert ask in closed


@pytest.mark.proves("RC-9")
@pytest.mark.parametrize(
    "event",
    [
        AuthenticatorAppReplaced,
        PasskeyMade,
        PasswordChanged,
        RecoveryCodesMade,
        TwoStepModeChanged,
        UsernameChanged,
    ],
)
@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("en", "had just proven again who she is"),
        ("es", "acababa de demostrar otra vez quién es"),
    ],
)
def test_who_proved_again_who_she_is_is_said_to_have_done_so_and_not_by_what(
    locale: str, said: str, event: type[PlainActivity]
) -> None:
    """A passkey does it as well as the password (MF-8)."""
    for words in parts_of(mail_of(sample(PLAIN[event]), locale=locale)):
        assert said in words


@pytest.mark.proves("MG-6", "EN-1")
@pytest.mark.parametrize(
    "kind",
    [
        PLAIN[AccountsMerged],
        contents.AccountEnrolledTaken,
        contents.EmailTaken,
        contents.MergeRejected,
        contents.MergeReviewRefused,
        contents.MergeUnderReview,
    ],
    ids=template_of,
)
@pytest.mark.parametrize(
    ("locale", "said", "claimed"),
    [
        ("en", "the password or a passkey of each", "passwords? of both"),
        ("es", "la contraseña o una llave de acceso de cada una", "contraseñas? de ambas"),
    ],
)
def test_two_accounts_are_said_to_be_proven_by_password_or_passkey(
    locale: str, said: str, claimed: str, kind: type[Content]
) -> None:
    for words in parts_of(mail_of(sample(kind), locale=locale)):
        assert said in words
        assert not re.search(claimed, words)


@pytest.mark.proves("MF-2")
@pytest.mark.parametrize(
    ("locale", "said", "claimed"),
    [
        ("en", "somebody logged on with your second step", "password"),
        ("es", "alguien inició sesión con su segundo paso", "contraseña"),
    ],
)
def test_who_has_a_device_trusted_is_not_said_to_know_the_password(
    locale: str, said: str, claimed: str
) -> None:
    """A reset may have begun the session that the second step is taken in (RC-10)."""
    renderer = Renderer.of(PORTAL)

    told = renderer.render(sample(PLAIN[DeviceTrusted]), locale=locale, time_zone="UTC").text

    first = " ".join(told.split("\n\n")[0].split())
    assert said in first
    assert claimed not in first


@pytest.mark.proves("RC-1")
@pytest.mark.parametrize("kind", [contents.UsernameReminder, PLAIN[UsernameRead]], ids=template_of)
@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("en", "obody logs on with the username alone"),
        ("es", "olo con el nombre de usuario nadie inicia sesión"),
    ],
)
def test_whoever_reads_a_username_is_not_said_to_need_the_password_beside_it(
    locale: str, said: str, kind: type[Content]
) -> None:
    """A passkey needs neither (MF-7)."""
    for words in parts_of(mail_of(sample(kind), locale=locale)):
        assert said in words


WITHOUT_A_PASSWORD = [AccountLocked, AccountUnlocked, PasswordDisabled, TwoStepReset]


@pytest.mark.proves("RC-9")
@pytest.mark.parametrize("event", WITHOUT_A_PASSWORD)
@pytest.mark.parametrize(
    ("locale", "helped", "vain"),
    [
        (
            "en",
            r"your practice(: it)? helps you to a new (password|one)",
            "link sent|log on with your password|log on and|your password alone|try again"
            "|your right password|your password opens",
        ),
        (
            "es",
            r"su consultorio:? le ayuda a tener una (contraseña )?nueva",
            "pida un enlace|con la suya|basta su contraseña|inicie sesión y|vuelva a intentarlo"
            "|su contraseña correcta|su contraseña ya no",
        ),
    ],
)
def test_whose_account_has_no_password_is_sent_to_her_practice_and_to_nothing_that_is_in_vain(
    locale: str, helped: str, vain: str, event: type[PlainActivity]
) -> None:
    kind = PLAIN[event]

    for words in parts_of(mail_of(sample(kind, no_password=True), locale=locale)):
        assert re.search(helped, words)
        assert not re.search(vain, words)
    for words in parts_of(mail_of(sample(kind, no_password=False), locale=locale)):
        assert not re.search(helped, words)
        assert re.search(vain, words)


@pytest.mark.parametrize("no_password", [False, True])
@pytest.mark.parametrize("event", WITHOUT_A_PASSWORD)
def test_with_a_password_or_without_a_mail_has_as_many_paragraphs_in_each_language(
    event: type[PlainActivity], no_password: bool
) -> None:
    told = [
        Renderer.of(PORTAL).render(
            sample(PLAIN[event], no_password=no_password), locale=locale, time_zone="UTC"
        )
        for locale in LOCALES
    ]

    for each in told:
        said = [" ".join(one.split()) for one in each.text.strip().split("\n\n")]
        assert said == [words for words in paragraphs(each.html) if words]
    assert len({each.text.count("\n\n") for each in told}) == 1
