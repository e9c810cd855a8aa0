"""What a service's OpenAPI document says of a verb, and whether a call and its reply keep to it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

import aiohttp
from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError

from deploy.client.answers import Answer

FORM = "application/x-www-form-urlencoded"


class ContractBroken(Exception):
    """A call or a reply is not what the service's own document says. Never an AssertionError:
    `eventually` must not try it again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One verb as a service describes it."""

    name: str
    method: str
    path: str
    described: Mapping[str, Any]
    components: Mapping[str, Any]
    addresses: "Iterator[str]" = field(repr=False)
    replicas: int

    @property
    def form(self) -> str | None:
        """How the body is written; None for a verb without one."""
        content = self.described.get("requestBody", {}).get("content", {})
        return next(iter(content), None)

    def names(self, place: str) -> set[str]:
        """List the parameters in that place."""
        parameters = self.described.get("parameters", [])
        return {found["name"] for found in parameters if found["in"] == place}

    def check(self, schema: Mapping[str, Any], value: object, what: str) -> None:
        """Raises ContractBroken where the value does not match."""
        whole = {**schema, "components": self.components}
        try:
            Draft202012Validator(whole, format_checker=formats()).validate(value)
        except ValidationError as error:
            place = "/".join(map(str, error.absolute_path))
            raise ContractBroken(f"{self.name}: {what} at {place!r}: {error.message}") from error


def formats() -> FormatChecker:
    """Return checks of every format that our documents use; the library has none of a date-time
    but with one more package."""
    checker = FormatChecker()
    checker.checks("date-time", raises=ValueError)(is_date_time)
    return checker


def check_formats(service: str, document: object) -> None:
    """Raises ContractBroken for a format that would pass because nobody checks it."""
    match document:
        case {"type": "string", "format": str(name)} if name not in formats().checkers:
            raise ContractBroken(f"{service}: nobody checks the format {name}")
        case dict():
            parts = list(document.values())
        case list():
            parts = document
        case _:
            parts = []
    for part in parts:
        check_formats(service, part)


def is_date_time(value: object) -> bool:
    """RFC 3339: a date, T, a time, and an offset. Raises ValueError where it is no time at all."""
    if not isinstance(value, str):
        return True  # "format" speaks of strings alone
    return value[10:11] in ("T", "t") and datetime.fromisoformat(value).tzinfo is not None


def encoded(operation: Operation, body: Mapping[str, Any] | None) -> bytes | None:
    """Write a body as its verb reads it."""
    if body is None:
        return None
    if operation.form == FORM:
        return urlencode(body, doseq=True, quote_via=quote).encode()
    return json.dumps(body).encode()


async def decoded(operation: Operation, response: aiohttp.ClientResponse) -> Any:
    raw = await response.read()
    if not raw:
        return None
    try:
        return json.loads(raw)
    except ValueError:
        raise ContractBroken(f"{operation.name}: the reply is no JSON: {raw[:200]!r}") from None


def check_reply(operation: Operation, answer: Answer) -> None:
    """Status, media type, body, the problem's code, and the headers every reply has."""
    described = operation.described["responses"].get(str(answer.status))
    if described is None:
        raise ContractBroken(f"{operation.name}: {answer.status} is not described: {answer.body}")
    content = described.get("content", {})
    if content:
        media = answer.headers.get("Content-Type", "").partition(";")[0]
        if media not in content:
            raise ContractBroken(f"{operation.name}: {answer.status} as {media or 'nothing'}")
        operation.check(content[media]["schema"], answer.body, f"reply {answer.status}")
    elif answer.body is not None:
        raise ContractBroken(f"{operation.name}: {answer.status} has a body: {answer.body}")
    if answer.headers.get("Cache-Control") != "no-store":
        raise ContractBroken(f"{operation.name}: the reply may be stored")
    for name in described.get("headers", {}):
        if name not in answer.headers:
            raise ContractBroken(f"{operation.name}: {answer.status} without {name}")
