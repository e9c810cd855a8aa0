"""The texts that bodies are made of, no longer than anybody needs."""

from typing import Annotated

from msgspec import Meta

from services.identity.languages import LONGEST_TEXT
from shared.contracts.reach import Service
from shared.http.texts import HIDDEN, JOINED, JOINERS, PRINTED, SEEN, Line, Name

__all__ = ["Address", "Given", "Line", "Name", "Paragraphs", "Resource", "Typed"]

Address = Annotated[str, Meta(min_length=1, max_length=254, pattern=PRINTED)]
Typed = Annotated[str, Meta(max_length=4096)]  # judged by rules with codes of their own
Given = Annotated[str, Meta(min_length=1, max_length=4096)]  # an empty field is no wrong password
Paragraphs = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=LONGEST_TEXT,
        pattern=rf"^(?=[\s\S]*{SEEN})(?:\n|[^{HIDDEN}{JOINERS}]|{JOINED})+(?![\s\S])",
    ),
]

Resource = Annotated[
    tuple[Service, ...],
    Meta(
        min_length=1,
        max_length=len(Service),
        description="services to get a token for, one each (RFC 8707); without it one for all",
    ),
]
