"""Forms: read strictly, shown again with what was typed, sent twice with one effect."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Any, Generic, Literal, TypeVar, get_args, get_origin, get_type_hints
from urllib.parse import parse_qsl

import msgspec
from aiohttp import web

from deploy.gateway.web.languages import Language
from deploy.gateway.web.messages import Problem
from deploy.gateway.web.sentences import FIELDS, MISSING

FORM = "application/x-www-form-urlencoded"
MOST_BYTES = 65536
MOST_FIELDS = 60
LONGEST = 1024  # characters of a field
CSRF, KEY, FLOW = "csrf", "key", "flow"
OWN = frozenset({CSRF, KEY, FLOW})  # beside a form's own fields
DATE_PARTS = ("day", "month", "year")
TICKED = "yes"
FIELD_MISSING = "field_missing"
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
DIGITS = re.compile(r"[0-9]{1,4}")
SLASHED = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})")
EARLIEST_YEAR = 1850


class NoForm(Exception):
    """What was posted is no form of ours; `status` says how it is answered."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """The fields of a form. All are texts, but a `date` that is typed in three, a `bool` that is
    ticked, a `Literal` whose button is pressed, and `Chosen` of many. What a person may leave out
    has a default.
    """


SECRET = msgspec.Meta(extra={"secret": True})
Secret = Annotated[str, SECRET]  # taken as it is typed, blanks too, and never put back
CHOSEN = msgspec.Meta(extra={"chosen": True})
Chosen = Annotated[Mapping[str, str], CHOSEN]  # by id: of each that there is, in a field of its own

F = TypeVar("F", bound=Form)
V = TypeVar("V")
S = TypeVar("S")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """A form as a page shows it: empty, or as it was typed, with what is wrong."""

    key: str  # minted with the form: sent twice, it is one effect
    typed: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    failed: frozenset[str] = frozenset()  # codes of what a service found wrong in its fields
    status: int = 200

    def problem(self, name: str) -> Problem | None:
        """Return what is wrong with one field."""
        return next((problem for problem in self.problems if problem.field == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class FormPage(Generic[S, V, F]):
    """A page with a form: `show` is its GET, and every refusal; `submit` what a good one does.

    `fields` says which field of the form a service means by a name, or a code, of its own; `codes`
    under which code the page has a sentence of its own; `most_bytes` how large it may be as it is
    posted.
    """

    form: type[F]
    show: Callable[[S, V, Filled], Awaitable[web.Response]]
    submit: Callable[[S, V, F, str], Awaitable[web.Response]]
    fields: Mapping[str, str] = field(default_factory=dict)
    codes: Mapping[str, str] = field(default_factory=dict)
    most_bytes: int = MOST_BYTES

    def field_names(self) -> Mapping[str, str]:
        """Map each name to a field: the form's own, and what services call them."""
        own = {found.name: found.name for found in msgspec.structs.fields(self.form)}
        return {**own, **self.fields}


async def read_posted(request: web.Request, most_bytes: int) -> dict[str, str]:
    """Read a body's fields. Raises NoForm: what two readers might read differently is refused."""
    if request.content_type != FORM or "Content-Encoding" in request.headers:
        raise NoForm(415)
    body = bytearray()
    while chunk := await request.content.readany():
        body += chunk
        if len(body) > most_bytes:
            raise NoForm(413)
    try:
        pairs = parse_qsl(
            body.decode(),
            keep_blank_values=True,
            strict_parsing=bool(body),
            errors="strict",
            max_num_fields=MOST_FIELDS,
        )
    except ValueError:
        raise NoForm(400) from None
    fields = dict(pairs)
    if len(fields) != len(pairs) or any("\0" in name + text for name, text in pairs):
        raise NoForm(400)
    return fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading(Generic[F]):
    """What became of the fields: the form, or what is wrong; `typed` holds no secret."""

    form: F | None
    typed: Mapping[str, str]
    problems: tuple[Problem, ...]


def read_form(kind: type[F], posted: Mapping[str, str], language: Language) -> Reading[F]:
    """Read a form. Raises NoForm for a field, or a button, that it does not have."""
    hints = get_type_hints(kind, include_extras=True)
    parts = {
        f"{name}_{part}" for name, hint in hints.items() if is_date(hint) for part in DATE_PARTS
    }
    chosen = {name: chosen_of(name, posted) for name, hint in hints.items() if has(hint, CHOSEN)}
    known = {name for name, hint in hints.items() if not is_date(hint)} - set(chosen) | parts
    known |= {choice_field(name, id) for name, ids in chosen.items() for id in ids}
    if set(posted) - known - OWN:
        raise NoForm(400)
    values: dict[str, Any] = {}
    typed: dict[str, str] = {}
    problems = []
    for found in msgspec.structs.fields(kind):
        hint = hints[found.name]
        if found.name in chosen:
            values[found.name] = chosen[found.name]
            typed |= {choice_field(found.name, id): text for id, text in values[found.name].items()}
            continue
        try:
            values[found.name] = value_of(found, hint, posted, typed, language)
        except FieldWrong as wrong:
            text = FIELDS[wrong.code]
            if wrong.code == FIELD_MISSING:
                text = MISSING.get(found.name, text)
            problems.append(Problem(text=language.say(text), field=found.name))
    form = None if problems else kind(**values)
    return Reading(form=form, typed=typed, problems=tuple(problems))


class FieldWrong(Exception):
    """A field does not fit; nobody has to be asked to see that."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def value_of(
    found: msgspec.structs.FieldInfo,
    hint: Any,
    posted: Mapping[str, str],
    typed: dict[str, str],
    language: Language,
) -> Any:
    """Read one field, and keep what may be shown again. Raises FieldWrong."""
    if is_date(hint):
        return read_date(found, posted, typed, language)
    text = posted.get(found.name, "")
    secret = has(hint, SECRET)
    if not secret:
        text = text.strip()
        typed[found.name] = text[: longest_of(hint)]
    if len(text) > longest_of(hint):
        raise FieldWrong("field_too_long")
    if bare(hint) is bool:
        return text == TICKED
    if not text and found.required:
        raise FieldWrong(FIELD_MISSING)
    if get_origin(hint) is Literal and text not in get_args(hint):
        raise NoForm(400)
    return text if text or found.required else found.default


def read_date(
    field: msgspec.structs.FieldInfo,
    posted: Mapping[str, str],
    typed: dict[str, str],
    language: Language,
) -> date | None:
    """Read a date off three fields; a whole one that was pasted into the first is taken as well.
    Raises FieldWrong.
    """
    names = [f"{field.name}_{part}" for part in DATE_PARTS]
    texts = [posted.get(name, "").strip()[:40] for name in names]
    typed.update(zip(names, texts, strict=True))
    if not any(texts):
        if not field.required:
            return None
        raise FieldWrong(FIELD_MISSING)
    whole = [text for text in texts if text]
    try:
        if len(whole) == 1:
            found = whole_date(whole[0], language)
        else:
            found = date(*(whole_number(texts[part]) for part in (2, 1, 0)))
    except ValueError:
        raise FieldWrong("date_impossible") from None
    if found.year < EARLIEST_YEAR:  # two digits are no year: which century is not ours to guess
        raise FieldWrong("date_impossible")
    return found


def whole_date(text: str, language: Language) -> date:
    """Read a date in one piece: ISO, or with slashes in the order of the language (RC-2). Raises
    ValueError.
    """
    if slashed := SLASHED.fullmatch(text):
        first, second, year = map(int, slashed.groups())
        return date(year, first, second) if language.month_first else date(year, second, first)
    return date.fromisoformat(text)


def whole_number(text: str) -> int:
    """Read digits; what is none is a day, a month or a year that there is not."""
    return int(text) if DIGITS.fullmatch(text) else 0


def bare(hint: Any) -> Any:
    """Return a field's type without what is said about it."""
    return get_args(hint)[0] if hasattr(hint, "__metadata__") else hint


def is_date(hint: Any) -> bool:
    """Whether it is a date, or one that may be left out."""
    return date in (bare(hint), *get_args(hint))


def has(hint: Any, meta: msgspec.Meta) -> bool:
    """Whether this is said about a field."""
    return meta in getattr(hint, "__metadata__", ())


def choice_field(name: str, id: str) -> str:
    """Name the field of one of those that there is something to choose for."""
    return f"{name}-{id}"


def chosen_of(name: str, posted: Mapping[str, str]) -> dict[str, str]:
    """Read what was chosen for each of them."""
    fields = re.compile(rf"{re.escape(name)}-({UUID})")
    found = ((fields.fullmatch(field), text) for field, text in posted.items())
    return {match[1]: text for match, text in found if match and len(text) <= LONGEST}


def longest_of(hint: Any) -> int:
    """Return how long a field's text may be."""
    limits = [meta.max_length for meta in getattr(hint, "__metadata__", ()) if meta.max_length]
    return limits[0] if limits else LONGEST
