"""The environment that the local stack gives each service: its settings and nothing else."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local.provision import BrokerAccess, DatabaseAccess

PORTAL_URL = "https://portal.example"
MAIL_DOMAIN = "portico.example"
INHERITED = ("PATH", "LANG", "HOME", "TZ", "PYTHONPATH", "COVERAGE_PROCESS_START")


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the services of one stack have in common."""

    database: DatabaseAccess
    broker: BrokerAccess
    clock_file: Path
    smtp_url: str
    inherited: Mapping[str, str]
    extra: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # by service

    def of(self, service: str, *, http_port: int = 0, metrics_port: int = 0) -> dict[str, str]:
        """Return the whole environment of a service's process."""
        kept = {name: self.inherited[name] for name in INHERITED if name in self.inherited}
        return {
            **kept,
            "PYTHONUNBUFFERED": "1",
            "PORTICO_ENVIRONMENT": "development",
            "PORTICO_HTTP_PORT": str(http_port),
            "PORTICO_METRICS_PORT": str(metrics_port),
            "PORTICO_CLOCK_FILE": str(self.clock_file),
            "PORTICO_TRUSTED_PROXIES": "127.0.0.0/8",
            **self.own(service),
            **secrets_of(service, self.database, self.broker),
            **self.extra.get(service, {}),
        }

    def of_verbs(self, service: str) -> dict[str, str]:
        """Return the environment of `migrate` and `topology`, which alone get more rights."""
        return {
            **self.of(service),
            **for_migrate(service, self.database),
            **for_topology(self.broker),
        }

    def own(self, service: str) -> dict[str, str]:
        """Return what only this service reads."""
        if service != "notify":
            return {}
        return {
            "PORTICO_PORTAL_URL": PORTAL_URL,
            "PORTICO_SMTP_URL": self.smtp_url,
            "PORTICO_MAIL_FROM": f"no-reply@{MAIL_DOMAIN}",
            "PORTICO_MAIL_DOMAIN": MAIL_DOMAIN,
        }


def secrets_of(service: str, database: DatabaseAccess, broker: BrokerAccess) -> dict[str, str]:
    """Return what only this service may know. It follows from the servers' own passwords: on the
    same servers it is always the same, as what their data was encrypted under has to be."""
    key = bytes.fromhex(database.servers.password(f"key-encryption key {service}"))
    digest_key = bytes.fromhex(database.servers.password(f"digest key {service}"))
    found = {
        "PORTICO_DATABASE_URL": database.url(service),
        "PORTICO_BROKER_URL": broker.url(service),
        "PORTICO_KEY_ENCRYPTION_KEY": b64encode(key).decode(),
        "PORTICO_DIGEST_KEY": b64encode(digest_key).decode(),
    }
    if service == "identity":
        found["PORTICO_PEPPER"] = database.servers.password("pepper identity")
    return found


def for_migrate(service: str, database: DatabaseAccess) -> dict[str, str]:
    """Return the right to change the service's schema."""
    return {"PORTICO_MIGRATION_URL": database.migration_url(service)}


def for_topology(broker: BrokerAccess) -> dict[str, str]:
    """Return the right to change the broker's exchanges, queues and policies."""
    return {"PORTICO_BROKER_ADMIN_URL": broker.management_url}
