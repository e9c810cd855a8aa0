"""The texts that bodies are made of: one line each, and no longer than anybody needs."""

from typing import Annotated

from msgspec import Meta

from shared.http.texts import Line, Name, printed

__all__ = ["Address", "Line", "Name", "StaffId", "Typed"]

StaffId = Annotated[str, Meta(min_length=1, max_length=100, pattern=printed("@"))]
Address = Annotated[str, Meta(min_length=1, max_length=254)]
Typed = Annotated[str, Meta(max_length=4096)]  # judged by rules with codes of their own
