"""What the environment of every service must have."""

import base64
from collections.abc import Mapping

KEYS: Mapping[str, str] = {
    "PORTICO_KEY_ENCRYPTION_KEY": base64.b64encode(bytes(range(32))).decode(),
    "PORTICO_DIGEST_KEY": base64.b64encode(bytes(range(32, 64))).decode(),
}

PEPPERS: Mapping[str, Mapping[str, str]] = {
    "recovery": {"PORTICO_PEPPER": "a pepper that is long enough for a test"}
}


def needed(service: str) -> dict[str, str]:
    """Return no more than that; nobody listens at its addresses."""
    return {
        "PORTICO_DATABASE_URL": f"postgresql://{service}:hunter2@127.0.0.1:1/portico",
        "PORTICO_BROKER_URL": f"amqp://{service}:hunter2@127.0.0.1:1/portico",
        **KEYS,
        **PEPPERS.get(service, {}),
    }
