"""Log-on names as recovery keeps them: a keyed digest of the form that identity compares (ID-4)."""

from shared.contracts.log_on_names import name_key
from shared.trust.tokens import Digests

PURPOSE = "log-on-name"
LONGEST_NAME = 320  # no address or username is longer


def name_digest(digests: Digests, name: str) -> bytes:
    """Digest a name. What somebody types may be no name at all but a secret, so it is not kept."""
    return digests.of(PURPOSE, name_key(name))
