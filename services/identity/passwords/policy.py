"""The password policies `portal` and `nist`: every rule, and whether a candidate meets it (ID-3).

Pure. The rules are data, so that a page can mark each one while the person types.
"""

import calendar
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from services.identity.passwords.model import Context
from services.identity.settings import PolicyName
from shared.trust.passwords import LONGEST, judged_part

BETWEEN = re.compile(r"[\s'\u2019.-]+")
SLACK = 5  # a password is a word of one's own when fewer letters and digits are left beside it


class RuleState(StrEnum):
    MET = "met"
    NOT_MET = "not_met"
    ON_SAVING = "on_saving"  #: can only be told when the password is saved


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleResult:
    code: str
    text: str
    state: RuleState
    params: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rule:
    code: str
    text: str
    met: Callable[[str, Context], bool]
    params: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordPolicy:
    """Two sets of rules: for a password that logs on alone, and for one beside a second step."""

    alone: tuple[Rule, ...]
    beside_two_step: tuple[Rule, ...]

    @property
    def asks_more_alone(self) -> bool:
        """Whether a password may be too short once two-step is off."""
        return self.alone != self.beside_two_step

    def check(self, candidate: str, context: Context) -> tuple[RuleResult, ...]:
        """Answer every rule, met or not, in an order that never changes.

        Length is judged first: of what is too long no more than `LONGEST` is looked at.
        """
        rules = self.beside_two_step if context.two_step else self.alone
        return (*_judged(rules, candidate, context), ON_SAVING)

    def check_alone(self, password: str) -> tuple[RuleResult, ...]:
        """Answer the rules that two-step spares a password, which it has to meet without."""
        spared = tuple(rule for rule in self.alone if rule not in self.beside_two_step)
        return _judged(spared, password, Context())


def _judged(rules: Iterable[Rule], candidate: str, context: Context) -> tuple[RuleResult, ...]:
    password = judged_part(candidate)
    return tuple(
        RuleResult(
            code=rule.code,
            text=rule.text,
            state=RuleState.MET if rule.met(password, context) else RuleState.NOT_MET,
            params=rule.params,
        )
        for rule in rules
    )


NOT_COMMON, NOT_RECENT = "not_common", "not_recent"
ON_SAVING = RuleResult(
    code=NOT_RECENT,
    text="None of your last 5 passwords",
    state=RuleState.ON_SAVING,
    params={"last": 5},
)


def password_policy(
    name: PolicyName, *, common: frozenset[str], portal_name: str
) -> PasswordPolicy:
    """Build one of the two named policies. `nist` asks for less beside a second step (63B-4
    3.1.1.2).
    """
    words = _own_words(common, portal_name)
    match name:
        case PolicyName.PORTAL:
            rules = (_at_least(8), _NOT_TOO_LONG, *_COMPOSITION, *words)
            return PasswordPolicy(alone=rules, beside_two_step=rules)
        case PolicyName.NIST:
            rules = (_NOT_TOO_LONG, *words)
            return PasswordPolicy(
                alone=(_at_least(15), *rules), beside_two_step=(_at_least(8), *rules)
            )


def _at_least(shortest: int) -> Rule:
    return Rule(
        "long_enough",
        f"At least {shortest} characters",
        lambda p, _: len(p) >= shortest,
        {"minimum": shortest},
    )


_NOT_TOO_LONG = Rule(
    "not_too_long",
    f"At most {LONGEST} characters",
    lambda p, _: len(p) <= LONGEST,
    {"maximum": LONGEST},
)

_COMPOSITION = (
    Rule("has_upper", "An upper-case letter", lambda p, _: any(s.isupper() for s in p)),
    Rule("has_lower", "A lower-case letter", lambda p, _: any(s.islower() for s in p)),
    Rule("has_digit", "A digit", lambda p, _: any(s.isdecimal() for s in p)),
    Rule("has_special", "A special character such as ! or #", lambda p, _: any(map(_special, p))),
)


def _own_words(common: frozenset[str], portal_name: str) -> tuple[Rule, ...]:
    return (
        Rule("printable", "No control characters", lambda p, _: all(map(_printable, p))),
        Rule(NOT_COMMON, "Not a commonly used password", lambda p, _: not _common(p, common)),
        Rule("not_username", "Not your username", lambda p, c: _beside(p, [c.username])),
        Rule("not_email", "Not your e-mail address", lambda p, c: _beside(p, _email_words(c))),
        Rule("not_name", "Not your name", lambda p, c: _beside(p, _words(c.names))),
        Rule("not_birth_date", "Not your date of birth", lambda p, c: _beside(p, _date_words(c))),
        Rule(
            "not_practice_or_portal",
            "Not the name of your practice or of this portal",
            lambda p, c: _beside(p, _words((*c.practices, portal_name))),
        ),
    )


def _special(symbol: str) -> bool:
    return unicodedata.category(symbol)[0] in "PS"


def _printable(symbol: str) -> bool:
    # Joiners (Cf) are part of many scripts and of emoji, so only what shows nothing at all goes.
    return unicodedata.category(symbol) not in ("Cc", "Cs", "Cn", "Zl", "Zp")


def _common(password: str, common: frozenset[str]) -> bool:
    folded = password.casefold()
    bare = folded.strip("".join({s for s in folded if not s.isalnum()}))
    return folded in common or bare in common


def _squeeze(text: str) -> str:
    """Leave letters and digits, without case and accents: García is typed as Garcia as well."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(symbol for symbol in apart if symbol.isalnum())
    return unicodedata.normalize("NFC", bare.casefold())  # a Hangul syllable is whole again


def _beside(password: str, words: Iterable[str]) -> bool:
    """Whether enough is left beside these words, however cased, spaced or padded with signs."""
    whole = left = _squeeze(password)
    for word in sorted({_squeeze(word) for word in words}, key=lambda w: (-len(w), w)):
        if len(word) > 1:
            left = left.replace(word, "")
    return left == whole or len(left) >= SLACK


def _words(phrases: Iterable[str]) -> list[str]:
    """Each phrase, and its longer words: of García-Lopez either is her name."""
    found = list(phrases)
    return found + [word for phrase in found for word in BETWEEN.split(phrase) if len(word) > 2]


def _email_words(context: Context) -> list[str]:
    return [*context.emails, *(address.partition("@")[0] for address in context.emails)]


def _date_words(context: Context) -> list[str]:
    return [word for day in context.birth_dates for word in date_writings(day)]


def date_writings(day: date) -> list[str]:
    """A date as people write it, without the signs between: 05/03/1984, 3.5.84, May 3, 1984, …"""
    months = {f"{day.month:02}", str(day.month), calendar.month_name[day.month]}
    months.add(calendar.month_abbr[day.month])
    days = {f"{day.day:02}", str(day.day)}
    years = {f"{day.year:04}", f"{day.year % 100:02}"}
    return [
        writing
        for month in sorted(months)
        for number in sorted(days)
        for year in sorted(years)
        for writing in (
            year + month + number,
            month + number + year,
            number + month + year,
            year + number + month,
        )
    ]
