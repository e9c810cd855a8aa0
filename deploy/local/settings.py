"""The environment that the local stack gives each service: its settings and nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from deploy.local import ports, texts
from deploy.local.addresses import PracticeCredentials
from deploy.local.kept_secrets import KeptSecrets
from deploy.local.provision import BrokerAccess, DatabaseAccess

MAIL_DOMAIN = "portico.example"
HASHING = ("identity", "recovery")  # they keep slow hashes, each under a pepper of its own
INHERITED = ("PATH", "LANG", "HOME", "TZ", "PYTHONPATH", "COVERAGE_PROCESS_START")


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the services of one stack have in common."""

    database: DatabaseAccess
    broker: BrokerAccess
    secrets: KeptSecrets
    clock_file: Path
    smtp_url: str
    portal_url: str
    mails_url: str
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
            **self.own(service, http_port),
            **secrets_of(service, self.database, self.broker, self.secrets),
            **self.extra.get(service, {}),
        }

    def of_verbs(self, service: str) -> dict[str, str]:
        """Return the environment of `migrate` and `topology`, which alone get more rights."""
        return {
            **self.of(service),
            **for_migrate(service, self.database),
            **for_topology(self.broker),
        }

    def own(self, service: str, http_port: int) -> dict[str, str]:
        """Return what only this service reads."""
        if service == "identity":
            return for_passkeys(self.portal_url)
        if service != "notify":
            return {}
        return {
            **for_mails(self.smtp_url, self.portal_url),
            **for_texts(self.mails_url, f"http://{ports.LOOPBACK}:{http_port}"),
        }

    def of_gateway(
        self,
        services: Mapping[str, str],
        *,
        http_port: int,
        metrics_port: int,
        desk_port: int | None,
        practices: Mapping[str, PracticeCredentials],
    ) -> dict[str, str]:
        """Return the whole environment of a gateway's process: no database, no broker."""
        kept = {name: self.inherited[name] for name in INHERITED if name in self.inherited}
        return {
            **kept,
            "PYTHONUNBUFFERED": "1",
            "PORTICO_ENVIRONMENT": "development",
            "PORTICO_PORTAL_URL": self.portal_url,
            "PORTICO_MAILS_URL": self.mails_url,
            **for_cookies(self.secrets),
            "PORTICO_HTTP_PORT": str(http_port),
            "PORTICO_METRICS_PORT": str(metrics_port),
            "PORTICO_CLOCK_FILE": str(self.clock_file),
            "PORTICO_TRUSTED_PROXIES": "127.0.0.0/8",
            **{f"PORTICO_{service.upper()}_URL": url for service, url in services.items()},
            **for_desk(desk_port, practices),
            **self.extra.get("gateway", {}),
        }


def for_desk(port: int | None, practices: Mapping[str, PracticeCredentials]) -> dict[str, str]:
    """Return what a gateway with a desk is told: one replica has it."""
    if port is None:
        return {}
    return {"PORTICO_DESK_PORT": str(port), **for_practices(practices)}


def for_practices(practices: Mapping[str, PracticeCredentials]) -> dict[str, str]:
    """Return which practices a desk offers."""
    each = (
        f"{name}|{practice.client_id}|{practice.client_secret}"
        for name, practice in practices.items()
    )
    return {"PORTICO_DESK_PRACTICES": ",".join(each)}


def for_cookies(secrets: KeptSecrets) -> dict[str, str]:
    """Return the key that all replicas of a gateway seal cookies with."""
    return {"PORTICO_COOKIE_KEYS": secrets.key("cookie key gateway")}


def for_passkeys(portal_url: str) -> dict[str, str]:
    """Return what passkeys are made for: the portal alone."""
    return {
        "PORTICO_PASSKEY_RP_ID": urlsplit(portal_url).hostname or "",
        "PORTICO_PASSKEY_ORIGINS": portal_url,
    }


def for_mails(smtp_url: str, portal_url: str) -> dict[str, str]:
    """Return what notify has to be told by whoever deploys it."""
    return {
        "PORTICO_PORTAL_URL": portal_url,
        "PORTICO_SMTP_URL": smtp_url,
        "PORTICO_MAIL_FROM": f"no-reply@{MAIL_DOMAIN}",
        "PORTICO_MAIL_DOMAIN": MAIL_DOMAIN,
    }


def for_texts(catcher_url: str, hooks_url: str) -> dict[str, str]:
    """Return the same of text messages: the catcher is their provider, and without one
    there are none.
    """
    if not catcher_url:
        return {}
    scheme, _, host = catcher_url.partition("://")
    return {
        "PORTICO_TEXTS_URL": f"{scheme}://{texts.ACCOUNT}:{texts.TOKEN}@{host}",
        "PORTICO_TEXTS_FROM": texts.SENDER,
        "PORTICO_TEXTS_HOOKS_URL": hooks_url,
    }


def secrets_of(
    service: str, database: DatabaseAccess, broker: BrokerAccess, secrets: KeptSecrets
) -> dict[str, str]:
    """Return what only this service may know. Its keys are no server's: whoever administers the
    database cannot open what is encrypted in it."""
    found = {
        "PORTICO_DATABASE_URL": database.url(service),
        "PORTICO_BROKER_URL": broker.url(service),
        "PORTICO_KEY_ENCRYPTION_KEY": secrets.key(f"key-encryption key {service}"),
        "PORTICO_DIGEST_KEY": secrets.key(f"digest key {service}"),
    }
    if service in HASHING:
        found["PORTICO_PEPPER"] = secrets.password(f"pepper {service}")
    return found


def for_migrate(service: str, database: DatabaseAccess) -> dict[str, str]:
    """Return the right to change the service's schema."""
    return {"PORTICO_MIGRATION_URL": database.migration_url(service)}


def for_topology(broker: BrokerAccess) -> dict[str, str]:
    """Return the right to change the broker's exchanges, queues and policies."""
    return {"PORTICO_BROKER_ADMIN_URL": broker.topology_url}
