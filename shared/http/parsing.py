"""Strict reading of bodies, paths and queries: every wrong field is named, nothing extra passes.

One piece: reading and naming what is wrong walk the same tree.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from functools import cache
from itertools import islice
from typing import Any, TypeVar, cast
from urllib.parse import parse_qsl
from uuid import UUID

import msgspec

from shared.errors import Refused, Violation
from shared.http.problems import (
    LONGEST_PATH,
    MOST_ERRORS,
    BodyInvalid,
    ContentTypeUnsupported,
    MalformedBody,
    RouteUnknown,
)
from shared.http.routes import MOST_VALUES, Body, Form, Hook, Message

R = TypeVar("R", bound=Body)

MOST_FORM_FIELDS = 50
DEEPEST = 32  # levels of a body; the walks below recurse, so this is asked first

PLACE = re.compile(r"^(?P<text>.*?)(?: - at `\$\.?(?P<path>.*)`)?$", re.DOTALL)
BOUND = re.compile(r" (?P<end>[<>]=) (?P<number>-?\d+)")
ENDS: Mapping[str, str] = {">=": "minimum", "<=": "maximum"}
NAMED = re.compile(r"`(?P<name>.*)`", re.DOTALL)
PARAMETER = re.compile(r"[ \t]*;[ \t]*([\w.+-]+)=([\w.+-]+|\"[^\"\\]*\")", re.ASCII)
CONTENT_TYPE = re.compile(
    rf"(?P<type>[\w.+-]+/[\w.+-]+)(?P<parameters>(?:{PARAMETER.pattern})*)", re.ASCII
)
CANONICAL_UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
CHARSETS = ("utf-8", "utf8", "us-ascii")
CODES: Sequence[tuple[re.Pattern[str], str]] = (
    (re.compile(r"Object contains unknown field"), "field_unknown"),
    (re.compile(r"Object missing required field"), "field_missing"),
    (re.compile(r"Expected `[^`]*` of length >="), "field_too_short"),
    (re.compile(r"Expected `[^`]*` of length <="), "field_too_long"),
    (re.compile(r"Expected `[^`]*` (<|>|that's)"), "field_out_of_range"),
    (re.compile(r"Expected `[^`]*` matching"), "field_wrong_format"),
    (re.compile(r"Expected `[^`]*`, got"), "field_wrong_type"),
    (re.compile(r"Invalid (enum )?value"), "field_not_allowed"),
    (re.compile(r"Invalid "), "field_wrong_format"),
)
DETAILS: Mapping[str, str] = {
    "field_unknown": "there is no such field",
    "field_missing": "this field is required",
    "field_not_allowed": "not one of the allowed values",
    "field_duplicate": "this field stands more than once",
    "field_wrong_format": "not in the expected format",
    "body_too_deep": f"nested deeper than {DEEPEST} levels",
}


class Pairs(list[tuple[str, Any]]):
    """A JSON object as its text had it, a name twice included."""


def read_body(
    kind: type[Body],
    form: Form,
    raw: bytes,
    *,
    content_type: str | None,
    coding: str | None,
    most_values: int = MOST_VALUES,
) -> Body:
    """Decode a body as its verb declares it; an absent one counts as having no fields.

    Raises ContentTypeUnsupported, MalformedBody, BodyInvalid.
    """
    if form is Form.MESSAGE:
        check_content_type(form, content_type, coding)
        return Message(content=raw)
    if not raw and form is not Form.HOOK:
        return from_json(kind, b"{}", most_values) if form is Form.JSON else from_form(kind, "")
    check_content_type(form, content_type, coding)
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        raise MalformedBody from None
    if form is Form.HOOK:
        return Hook(said=tuple(pairs_of(text, keep_blank_values=True)))
    return from_json(kind, raw, most_values) if form is Form.JSON else from_form(kind, text)


def check_content_type(form: Form, content_type: str | None, coding: str | None) -> None:
    """Take exactly the declared type, in UTF-8, without a content coding (zip bombs).

    RFC 2231's extended parameters are not taken: readers disagree on them, and some fall over.
    """
    match = CONTENT_TYPE.fullmatch((content_type or "").strip().lower())
    plain = (coding or "identity").strip().lower() == "identity"
    if match is None or match["type"] != form.media_type or not plain:
        raise ContentTypeUnsupported
    for name, value in PARAMETER.findall(match["parameters"]):
        if name == "charset" and value.strip('"') not in CHARSETS:
            raise ContentTypeUnsupported


def from_json(kind: type[Body], raw: bytes, most_values: int = MOST_VALUES) -> Body:
    """Decode strictly: no unknown field, no name twice, no text that a database cannot hold."""
    try:
        seen = json.loads(raw.decode(), object_pairs_hook=Pairs, parse_constant=refuse_constant)
    except (ValueError, RecursionError):
        raise MalformedBody from None
    check_size(seen, most_values)
    twice = told("field_duplicate", duplicates(seen))
    if twice:
        raise MalformedBody(*twice)
    unstorable = told("field_wrong_format", unstorable_texts(seen))
    if unstorable:
        raise BodyInvalid(*unstorable)
    try:
        return msgspec.json.decode(raw, type=kind)
    except msgspec.ValidationError as error:
        plain = json.loads(raw.decode())
        raise refusal_of(kind, every_violation(kind, plain, error, strict=True)) from None
    except msgspec.DecodeError:
        raise MalformedBody from None


def from_form(kind: type[Body], text: str) -> Body:
    """Decode a form. RFC 6749, 3.2: unknown and empty parameters are ignored, none stands twice.

    But what the verb takes a list of may (RFC 8707).
    """
    pairs = pairs_of(text)
    known, lists = names_of(kind), lists_of(kind)
    kept = Pairs((name, value) for name, value in pairs if name in known and name not in lists)
    kept += [(name, found) for name in lists if (found := [v for n, v in pairs if n == name])]
    problems = told("field_duplicate", duplicates(kept))
    problems += told("field_wrong_format", unstorable_texts(kept))
    if problems:
        raise BodyInvalid(*problems)
    try:
        return msgspec.convert(dict(kept), type=kind, strict=False)
    except msgspec.ValidationError as error:
        raise refusal_of(kind, every_violation(kind, dict(kept), error, strict=False)) from None


def pairs_of(text: str, *, keep_blank_values: bool = False) -> list[tuple[str, str]]:
    """Read a form's names and values. Raises BodyInvalid."""
    try:
        return parse_qsl(
            text,
            keep_blank_values=keep_blank_values,
            errors="strict",
            max_num_fields=MOST_FORM_FIELDS,
            strict_parsing=bool(text),
        )
    except ValueError:
        raise BodyInvalid(wrong("", "field_wrong_format")) from None


@cache
def names_of(kind: type[Body]) -> frozenset[str]:
    """The names of a body's fields, as they are sent."""
    return frozenset(field.encode_name for field in msgspec.structs.fields(kind))


@cache
def lists_of(kind: type[Body]) -> frozenset[str]:
    """The names of those of which there may be several."""
    return frozenset(
        field.encode_name
        for field in msgspec.structs.fields(kind)
        if isinstance(msgspec.inspect.type_info(field.type), msgspec.inspect.VarTupleType)
    )


def read_query(declared: Sequence[str], pairs: Sequence[tuple[str, str]]) -> Mapping[str, str]:
    """Take each declared parameter at most once. Raises BodyInvalid naming `query.<name>`."""
    if not pairs:
        return {}
    seen = Pairs(pairs)
    problems = told("field_duplicate", duplicates(seen, "query"))
    problems += told("field_wrong_format", unstorable_texts(seen, "query"))
    names = dict.fromkeys(name for name, _ in pairs if name not in declared)
    problems += told("field_unknown", (joined("query", name) for name in names))
    if problems:
        raise BodyInvalid(*problems)
    return dict(pairs)


def read_path(
    path: Mapping[str, str], names: Mapping[str, type[StrEnum]]
) -> Mapping[str, UUID | StrEnum]:
    """Read the slots of a path: ids, and names of their closed sets. What is none, or another
    spelling, names nothing.

    Raises RouteUnknown.
    """
    read: dict[str, UUID | StrEnum] = {}
    for slot, text in path.items():
        found = one_of(names[slot], text) if slot in names else canonical_uuid(text)
        if found is None:
            raise RouteUnknown
        read[slot] = found
    return read


def one_of(names: type[StrEnum], text: str) -> StrEnum | None:
    """Read a name of a closed set."""
    return next((name for name in names if name.value == text), None)


def canonical_uuid(text: str) -> UUID | None:
    """Read an id as we write it: Python's reader takes braces, URNs and any script's digits."""
    return UUID(text) if re.fullmatch(CANONICAL_UUID, text) else None


def id_of(query: Mapping[str, str], name: str) -> UUID | None:
    """Read an id of a query, as we write it; None where it is not there. Raises BodyInvalid."""
    typed = query.get(name)
    found = None if typed is None else canonical_uuid(typed)
    if typed is not None and found is None:
        raise BodyInvalid(wrong(f"query.{name}", "field_wrong_format"))
    return found


# ---- naming what is wrong


def check_size(seen: Any, most_values: int) -> None:
    """Refuse a body far larger than its verb takes, level by level. Raises BodyInvalid."""
    level, values = [seen], 0
    for _ in range(DEEPEST + 1):
        level = [value for node in level for _, value in children(node, "")]
        values += len(level)
        if values > most_values:
            detail, params = f"more than {most_values} values", {"maximum": most_values}
            raise BodyInvalid(wrong("", "body_too_many_values", detail, params))
        if not level:
            return
    raise BodyInvalid(wrong("", "body_too_deep", params={"maximum": DEEPEST}))


def told(code: str, paths: Iterator[str]) -> list[Violation]:
    return [wrong(path, code) for path in islice(paths, MOST_ERRORS)]


def wrong(
    field: str, code: str, detail: str | None = None, params: Mapping[str, int] | None = None
) -> Violation:
    shown = field if len(field) <= LONGEST_PATH else field[: LONGEST_PATH - 1] + "…"
    return Violation(field=shown, code=code, detail=detail or DETAILS[code], params=params or {})


def every_violation(
    kind: type[Body], values: object, first: msgspec.ValidationError, *, strict: bool
) -> list[Violation]:
    """Check field by field, since msgspec stops at its first finding."""
    if not isinstance(values, Mapping):
        return [translate(first)]
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    found = told("field_unknown", (name for name in values if name not in fields))
    for name, field in fields.items():
        if name not in values:
            if field.required:
                found.append(wrong(name, "field_missing"))
            continue
        try:
            msgspec.convert(values[name], type=field.type, strict=strict)
        except msgspec.ValidationError as error:
            found.append(translate(error, name, own_refusals(kind).get(name)))
    return found[:MOST_ERRORS] or [translate(first)]


def refusal_of(kind: type[Body], violations: Sequence[Violation]) -> Refused:
    """What a body is refused as: where nothing is wrong but such fields, as its field says."""
    own = {refusal.code: refusal for refusal in own_refusals(kind).values()}
    codes = {violation.code for violation in violations}
    [code, *others] = codes
    return (BodyInvalid if others else own.get(code, BodyInvalid))(*violations)


@cache
def own_refusals(kind: type[Body]) -> Mapping[str, type[Refused]]:
    """The fields whose type says what a text is refused as that is none of it."""
    return {
        field.encode_name: part.extra["refused_as"]
        for field in msgspec.structs.fields(kind)
        for part in parts_of(msgspec.inspect.type_info(field.type))
        if isinstance(part, msgspec.inspect.Metadata) and part.extra and "refused_as" in part.extra
    }


def parts_of(kind: msgspec.inspect.Type) -> Sequence[msgspec.inspect.Type]:
    """Of what a field may be in several ways, each."""
    return kind.types if isinstance(kind, msgspec.inspect.UnionType) else (kind,)


def read_row(kind: type[R], values: object) -> R | Refused:
    """Read a row of a bulk as strictly as a body; why it is refused, where it is none."""
    try:
        return msgspec.convert(values, kind)
    except msgspec.ValidationError as error:
        return refusal_of(kind, every_violation(kind, values, error, strict=True))


def said_again(values: object, name: str, kind: Any) -> str | None:
    """Say a row's own id again, where it has one of that kind: so that its sender finds the row."""
    if not isinstance(values, Mapping):
        return None
    try:
        return cast(str | None, msgspec.convert(values.get(name), kind))
    except msgspec.ValidationError:
        return None


def translate(
    error: msgspec.ValidationError, under: str = "", own: type[Refused] | None = None
) -> Violation:
    """Turn msgspec's sentence into a path, a stable code and a text that repeats no value.

    What is only written wrong has the code of the field's `own` refusal, where it has one.
    """
    match = PLACE.match(str(error))
    text, path = (match["text"], match["path"] or "") if match else (str(error), "")
    code = next((code for pattern, code in CODES if pattern.match(text)), "field_invalid")
    if code in ("field_unknown", "field_missing"):
        named = NAMED.search(text)
        path = joined(path, named["name"] if named else "")
    detail = DETAILS.get(code) or text[:1].lower() + text[1:].replace("`", "")
    if own is not None and code == "field_wrong_format":
        code = own.code
    bound = BOUND.search(text)
    params = {ENDS[bound["end"]]: int(bound["number"])} if bound else {}
    return wrong(joined(under, path), code, detail, params)


def joined(under: str, path: str) -> str:
    separator = "." if under and path and not path.startswith("[") else ""
    return f"{under}{separator}{path}"


def duplicates(seen: Any, under: str = "") -> Iterator[str]:
    """Name, by path, what stands twice in one object: two readers might take different ones."""
    for path, value in children(seen, under):
        yield from duplicates(value, path)
    if isinstance(seen, Pairs):
        for name, times in Counter(name for name, _ in seen).items():
            if times > 1:
                yield joined(under, name)


def unstorable_texts(seen: Any, under: str = "") -> Iterator[str]:
    """Name texts with NUL or half a surrogate pair: PostgreSQL holds neither."""
    for path, value in children(seen, under):
        if isinstance(value, str):
            if not storable(value):
                yield path
        else:
            yield from unstorable_texts(value, path)


def children(seen: Any, under: str) -> Iterator[tuple[str, Any]]:
    if isinstance(seen, Pairs):
        for name, value in seen:
            yield joined(under, name), value
    elif isinstance(seen, list):
        for place, value in enumerate(seen):
            yield f"{under}[{place}]", value


def storable(text: str) -> bool:
    return UNSTORABLE.search(text) is None


def refuse_constant(_: str) -> None:
    raise ValueError  # NaN and Infinity are no JSON
