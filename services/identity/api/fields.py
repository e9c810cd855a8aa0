"""The texts that bodies are made of: one line each, and no longer than anybody needs."""

from typing import Annotated

from msgspec import Meta

from shared.contracts.code_points import ONE_LINE

Name = Annotated[str, Meta(min_length=1, max_length=100, pattern=ONE_LINE)]
Line = Annotated[str, Meta(min_length=1, max_length=200, pattern=ONE_LINE)]
Address = Annotated[str, Meta(min_length=1, max_length=254, pattern=ONE_LINE)]
Typed = Annotated[str, Meta(max_length=4096)]  # judged by rules with codes of their own
Given = Annotated[str, Meta(min_length=1, max_length=4096)]  # an empty field is no wrong password
