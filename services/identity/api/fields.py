"""The texts that bodies are made of: one line each, and no longer than anybody needs."""

from typing import Annotated

from msgspec import Meta

ONE_LINE = r"^(?=.*\S)[^\x00-\x1f\x7f]+(?![\s\S])"  # something to see, no control characters

Name = Annotated[str, Meta(min_length=1, max_length=100, pattern=ONE_LINE)]
Line = Annotated[str, Meta(min_length=1, max_length=200, pattern=ONE_LINE)]
Address = Annotated[str, Meta(min_length=1, max_length=254)]
Typed = Annotated[str, Meta(max_length=4096)]  # judged by rules with codes of their own
Given = Annotated[str, Meta(min_length=1, max_length=4096)]  # an empty field is no wrong password
