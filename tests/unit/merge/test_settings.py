import base64

from services.merge.settings import MergeSettings
from shared.settings.loader import load


def test_merge_listens_on_ports_of_its_own() -> None:
    settings = load(
        MergeSettings,
        {
            "PORTICO_DATABASE_URL": "postgresql://merge@localhost/portico",
            "PORTICO_BROKER_URL": "amqp://merge@localhost/portico",
            "PORTICO_KEY_ENCRYPTION_KEY": base64.b64encode(bytes(range(32))).decode(),
            "PORTICO_DIGEST_KEY": "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=",
        },
    )

    assert (settings.http_port, settings.metrics_port) == (8103, 9103)
