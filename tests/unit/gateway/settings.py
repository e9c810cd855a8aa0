"""The environment of a gateway whose services are away."""

import base64

KEY = base64.b64encode(bytes(range(32))).decode()
OTHER_KEY = base64.b64encode(bytes(range(32, 64))).decode()
HOST = "localhost:8100"
NOWHERE = "http://127.0.0.1:9"


def environment(**changed: str) -> dict[str, str]:
    """Return the environment of one gateway; what is changed goes by its short name."""
    values = {
        "ENVIRONMENT": "development",
        "PORTAL_URL": f"http://{HOST}",
        "COOKIE_KEYS": KEY,
        "IDENTITY_URL": NOWHERE,
        "RECOVERY_URL": NOWHERE,
        "MERGE_URL": NOWHERE,
        "NOTIFY_URL": NOWHERE,
        "TRUSTED_PROXIES": "127.0.0.0/8",
        **changed,
    }
    return {f"PORTICO_{name}": value for name, value in values.items() if value}
