"""The one comparison of name and birth date that three services use. Pure."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from shared.contracts.code_points import IGNORABLE, ranges
from shared.contracts.phones import SHORTEST, national, same_phone

LONGEST_ADDRESS = 200  # code points of its form: an index holds them
LONGEST = 400  # code points of a name that are looked at; no record has more than 100

# Letters that Unicode does not decompose, each as a keyboard without it writes it (ICAO 9303-3, 6,
# where it speaks of them); and letters that two keyboards write with two code points.
_PLAINLY = """
    æae œoe þth ĸk ıi ȷj łl ƚl ɫl ⱡl ħh ŧt ⱦt ƀb ɉj ɍr ɏy ɨi ʉu ɇe ⱥa ȼc ɵo ɋq ǥg ƶz ᵽp
    ɓb ɖd ɗd ɠg ƙk ƴy ɛe ɔo ɩi ʊu ʋv ɣg ɲn ƒf
    ґг ғг қк ҡк ңн үу ұу өо әа һх ҳх ҷч җж ҙз ҫс
    ىي یي کك ةه ہه ھه ٱا
"""
_PLAIN = str.maketrans({pair[0]: pair[1:] for pair in _PLAINLY.split()} | {"ø": "o\u0308"})

# Letters with two plain spellings: the forms of a name have each, the same for the whole name.
_SPELLINGS: Mapping[str, tuple[str, str]] = {
    "a\u0308": ("a", "ae"),
    "o\u0308": ("o", "oe"),
    "u\u0308": ("u", "ue"),
    "a\u030a": ("a", "aa"),
    "đ": ("d", "dj"),
    "ð": ("d", "dh"),
    "ŋ": ("n", "ng"),
    "ə": ("a", "e"),
}

_SUFFIXES = frozenset(
    ("jr", "sr", "jnr", "snr", "junior", "senior", "ii", "iii", "iv", "v", "2nd", "3rd", "4th")
)
_BETWEEN_WORDS = re.compile(r"[\s,]+")


_ACCENTS = ranges(
    (0x0300, 0x036F),
    (0x0483, 0x0487),
    (0x0591, 0x05C7),
    (0x0610, 0x061A),
    (0x064B, 0x065F),
    (0x0670, 0x0670),
    (0x06D6, 0x06ED),
    (0x0730, 0x074A),
    (0x1AB0, 0x1AFF),
    (0x1DC0, 0x1DFF),
    (0x20D0, 0x20FF),
    (0xFE20, 0xFE2F),
)
"""Marks that many keyboards lack: of Latin, Greek and Cyrillic; Hebrew points, Arabic and Syriac
vowels. Those of other scripts are letters to who writes them (सेन is not सोनी, か not が).
"""

_SIGNS = ranges((0x02B0, 0x02FF), (0x0640, 0x0640), (0x07FA, 0x07FA), (0xA78B, 0xA78C))
"""Letters to Unicode, signs to people: apostrophes (ʻ ʼ ʾ ꞌ), and what only stretches a word."""


def name_forms(name: str) -> frozenset[str]:
    """The forms under which a name may be written: without case, accents, signs and blanks.

    O'Brien-Müller Jr. is OBRIEN MULLER and OBRIEN MUELLER: people are not refused for how a
    practice's keyboard writes. Two spellings for each of eight letters bound their number. Empty
    where nothing is left to compare.
    """
    words = [_bare(word) for word in _BETWEEN_WORDS.split(_folded(name))]
    while words and not words[-1]:
        words.pop()
    while len(words) > 1 and words[-1] in _SUFFIXES and any(words[:-1]):
        words.pop()
    forms = {"".join(words)}
    for letter, spellings in _SPELLINGS.items():
        forms = {form.replace(letter, plain) for form in forms for plain in spellings}
    return frozenset(form.replace("\u0308", "").replace("\u030a", "") for form in forms) - {""}


def _folded(name: str) -> str:
    """Decomposed and without case, whichever of the two brings the other out."""
    decomposed = unicodedata.normalize("NFKD", name[:LONGEST])[:LONGEST]
    return unicodedata.normalize("NFKD", decomposed.casefold()).translate(_PLAIN)


def _bare(word: str) -> str:
    """Its letters, digits and marks; of the accents those that a spelling goes by."""
    return "".join(symbol for symbol in word if _counts(symbol) or symbol in "\u0308\u030a")


def _counts(symbol: str) -> bool:
    return (
        unicodedata.category(symbol)[0] in "LMN"
        and unicodedata.combining(symbol) != 7  # nuktas: a dot that many leave out
        and symbol not in _ACCENTS
        and symbol not in _SIGNS
        and symbol not in IGNORABLE
    )


def same_person(
    last_name: str, birth_date: date, other_last_name: str, other_birth_date: date
) -> bool:
    """Last name and date of birth of both match; an empty name matches nothing."""
    if birth_date != other_birth_date:
        return False
    return not name_forms(last_name).isdisjoint(name_forms(other_last_name))


@dataclass(frozen=True, slots=True)
class Named:
    """What a patient record says of whom it is about."""

    last_name: str
    birth_date: date


def same_holder(records: Iterable[Named], others: Iterable[Named]) -> bool:
    """MG-2, EN-5: a record of the one matches a record of the other.

    One is enough: who has changed her name is written differently at two of her practices.
    """
    beside = tuple(others)
    return any(
        same_person(one.last_name, one.birth_date, other.last_name, other.birth_date)
        for one in records
        for other in beside
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """All that a patient record says of whom it is about, as far as people are matched by it."""

    last_name: str
    first_name: str
    birth_date: date
    home_phone: str | None
    address: str | None


def likely_same(one: Described, other: Described) -> bool:
    """MG-8: last and first name and date of birth of both match, and phone or address.

    So a father and a son of one name are two, and so are two of one name and birth date who live
    apart; who is the same all the same names her other account by hand.
    """
    return (
        same_person(one.last_name, one.birth_date, other.last_name, other.birth_date)
        and not name_forms(one.first_name).isdisjoint(name_forms(other.first_name))
        and (
            same_phone(one.home_phone or "", other.home_phone or "")
            or same_address(one.address, other.address)
        )
    )


def same_address(one: str | None, other: str | None) -> bool:
    """Whether two are written alike; what has no letter and no digit matches nothing."""
    form = address_form(one)
    return form is not None and form == address_form(other)


def phone_end(phone: str | None) -> str | None:
    """The last digits of a phone, equal for any two that are one: what to look for it by."""
    digits = national(phone or "")
    return digits[-SHORTEST:] if len(digits) >= SHORTEST else None


def address_form(address: str | None) -> str | None:
    """The form under which addresses are equal: letters and digits, whatever case and accents.

    None where nothing is left to compare.
    """
    folded = _folded(address or "")
    return "".join(sign for sign in folded if _counts(sign))[:LONGEST_ADDRESS] or None
