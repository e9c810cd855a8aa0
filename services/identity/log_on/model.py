"""The terms, as identity keeps them."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedTerms:
    version: str
    texts: Mapping[str, str]  # by language
