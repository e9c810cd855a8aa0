"""CBOR as authenticators write it: no tags, and few levels (CTAP 2.2, 8).

What the library reads for us it follows to the end, tags of shared values too: two hundred bytes of
them stand for more than any memory has. So nothing is handed to it that this has not read before.
"""

import io
from typing import Any, Never

import cbor2

DEEPEST = 8  # levels: theirs are four, and extensions' may be a few more


class _Tags(dict[int, Any]):
    """How each tag there is or may be is read: it is not."""

    def __missing__(self, _: int) -> Any:
        return _refuse


NO_TAGS = _Tags()


def read_all(value: bytes) -> list[Any]:
    """The values that stand one behind the other, to the last byte.

    Raises ValueError and what is derived from it, and CBORDecodeError.
    """
    stream, found = io.BytesIO(value), list[Any]()
    decoder = cbor2.CBORDecoder(stream, semantic_decoders=NO_TAGS, max_depth=DEEPEST)
    while stream.tell() < len(value):
        found.append(decoder.decode())
    return found


def _refuse(*_: Any) -> Never:
    raise ValueError("a tag, which no authenticator writes")
