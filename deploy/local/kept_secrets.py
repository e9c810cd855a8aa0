"""Passwords and keys of a stack: random, each by itself, in a file of its own for this user alone.

None follows from another, so that who has one has one, and any of them can be changed.
"""

import os
import tempfile
from base64 import b64encode
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from shared.randomness import Randomness

KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class KeptSecrets:
    """Made when they are first asked for; they live as long as the data that needs them."""

    folder: Path
    randomness: Randomness = field(default_factory=Randomness)

    def password(self, purpose: str) -> str:
        """Return the text of 256 random bits for a role, a user, a pepper."""
        return self._kept(purpose, self.randomness.token)

    def key(self, purpose: str) -> str:
        """Return 32 random bytes in base64."""
        return self._kept(purpose, lambda: b64encode(self.randomness.bytes(KEY_BYTES)).decode())

    def _kept(self, purpose: str, make: Callable[[], str]) -> str:
        file = self.folder / purpose.replace(" ", "-")
        if not file.exists():
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._write_once(file, make())
        return file.read_text()

    def _write_once(self, file: Path, text: str) -> None:
        """Write it whole or not at all; where another process was quicker, its secret stands."""
        descriptor, draft = tempfile.mkstemp(dir=self.folder)  # for its owner only
        try:
            with os.fdopen(descriptor, "w") as output:
                output.write(text)
                output.flush()
                os.fsync(output.fileno())  # an empty file after a power cut would be a secret too
            with suppress(FileExistsError):
                os.link(draft, file)
        finally:
            Path(draft).unlink()
