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
            "PORTICO_DATABASE_URL": self.database.url(service),
            "PORTICO_BROKER_URL": self.broker.url(service),
            "PORTICO_HTTP_PORT": str(http_port),
            "PORTICO_METRICS_PORT": str(metrics_port),
            "PORTICO_CLOCK_FILE": str(self.clock_file),
            "PORTICO_TRUSTED_PROXIES": "127.0.0.0/8",
            "PORTICO_KEY_ENCRYPTION_KEY": self.key(service),
            **self.own(service),
            **self.extra.get(service, {}),
        }

    def of_verbs(self, service: str) -> dict[str, str]:
        """Return the environment of `migrate` and `topology`, which alone get more rights."""
        return {
            **self.of(service),
            "PORTICO_MIGRATION_URL": self.database.migration_url(service),
            "PORTICO_BROKER_ADMIN_URL": self.broker.management_url,
        }

    def own(self, service: str) -> dict[str, str]:
        """Return what only this service reads."""
        match service:
            case "identity":
                return {"PORTICO_PEPPER": self.database.servers.password("pepper identity")}
            case "notify":
                return {
                    "PORTICO_PORTAL_URL": PORTAL_URL,
                    "PORTICO_SMTP_URL": self.smtp_url,
                    "PORTICO_MAIL_FROM": f"no-reply@{MAIL_DOMAIN}",
                    "PORTICO_MAIL_DOMAIN": MAIL_DOMAIN,
                }
            case _:
                return {}

    def key(self, service: str) -> str:
        """Return the service's key-encryption key: always the same on the same servers, whose
        database may hold what was encrypted under it the last time."""
        secret = self.database.servers.password(f"key-encryption key {service}")
        return b64encode(bytes.fromhex(secret)).decode()
