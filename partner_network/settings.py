"""One frozen ``Settings``, built once from the environment when a process starts."""

import os
import re
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

import msgspec

from partner_network.kernel.errors import InvalidError
from partner_network.kernel.keyring import Keyring

LEAST_SECRET_LENGTH = 32
MOST_TRANSFERS_PER_S = 1_000
ROLES = ("owner", "web", "redirect", "worker")


class Operator(msgspec.Struct, frozen=True, kw_only=True):
    """The company that runs the network, as its contracts name it, and the law they are under."""

    name: str
    legal_name: str
    address: tuple[str, ...]
    """One line of it each."""
    governing_law: str
    courts: str


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that differs between one installation and another."""

    database_url: str | None
    """The database's owner; without it the embedded server in ``data_folder`` is used."""
    role_urls: dict[str, str]
    """Log-ins of their own for web, redirect, worker; else the owner's connection takes the role on."""
    data_folder: Path
    base_url: str
    secret_key: bytes
    """Signs file addresses and link tokens and seals what must be read again; at least 32 bytes."""
    former_secret_keys: tuple[bytes, ...] = ()
    """Keys that were changed: what they signed and sealed is still good."""
    sandbox: bool
    stripe_secret_key: str
    stripe_webhook_secret: str
    stripe_api_base: str | None
    platform_country: str = "US"
    """In which country the operator has its account at Stripe: from there partners are paid."""
    stripe_transfers_per_s: int = 25
    """How many transfers a second all workers together ask Stripe for."""
    s3_bucket: str | None
    s3_endpoint_url: str | None
    country_header: str | None
    """The header in which the proxy in front of us names the visitor's country."""
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    """Whose `X-Forwarded-For` names the visitor; from anybody else it is a claim and is not read."""
    smtp_url: str | None = None
    """`smtp://user:password@host:587` or `smtps://...`; without it letters are files in ``outbox_folder``."""
    mail_from: str = "Partner network <partner-network@localhost>"
    traces_endpoint: str | None = None
    """Where an OpenTelemetry collector takes traces over HTTP; without it none are made."""
    metrics_token: str | None = None
    """What monitoring shows as bearer token to read `/metrics`; without it only loopback may."""
    chart_file: Path | None = None
    """The operator's own chart of accounts, for the journal; without it ours is used."""
    operator: Operator | None = None
    """Needed to draft agreements; nobody can sign with a company that has no name."""

    @property
    def spool_folder(self) -> Path:
        """Where clicks wait while the database does not answer."""
        return self.data_folder / "spool"

    @property
    def outbox_folder(self) -> Path:
        """Where letters lie as `.eml` files when no mail server is named."""
        return self.data_folder / "outbox"

    @property
    def keyring(self) -> Keyring:
        """Return the keys that sign and seal, the present one first."""
        return Keyring(self.secret_key, self.former_secret_keys)

    @property
    def files_folder(self) -> Path:
        """Where documents and creatives lie when no S3 bucket is named."""
        return self.data_folder / "files"


def from_environment(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings, or say in one sentence which variable is wrong and what it should hold."""
    env = os.environ if environment is None else environment
    secret = env.get("PARTNER_NETWORK_SECRET_KEY", "")
    if len(secret) < LEAST_SECRET_LENGTH:
        raise InvalidError(
            f"PARTNER_NETWORK_SECRET_KEY must hold {LEAST_SECRET_LENGTH} random characters or more; set it."
        )
    sandbox = env.get("PARTNER_NETWORK_SANDBOX", "off")
    if sandbox not in {"on", "off"}:
        raise InvalidError(f"PARTNER_NETWORK_SANDBOX is {sandbox!r}; it must be 'on' or 'off'.")
    stripe_key = env.get("STRIPE_SECRET_KEY", "")
    if sandbox == "on" and "_live_" in stripe_key:
        raise InvalidError("STRIPE_SECRET_KEY is a live key while the sandbox is on; use a test key there.")
    return Settings(
        database_url=env.get("DATABASE_URL"),
        role_urls={
            role: env[f"{role.upper()}_DATABASE_URL"]
            for role in ROLES
            if f"{role.upper()}_DATABASE_URL" in env
        },
        data_folder=Path(env.get("PARTNER_NETWORK_DATA", ".data")).resolve(),
        base_url=env.get("PARTNER_NETWORK_BASE_URL", "http://127.0.0.1:8000").rstrip("/"),
        secret_key=secret.encode(),
        former_secret_keys=_former_keys(env),
        sandbox=sandbox == "on",
        stripe_secret_key=stripe_key,
        stripe_webhook_secret=env.get("STRIPE_WEBHOOK_SECRET", ""),
        stripe_api_base=env.get("STRIPE_API_BASE"),
        platform_country=_country(env.get("PARTNER_NETWORK_PLATFORM_COUNTRY", "US")),
        stripe_transfers_per_s=_transfers_per_s(env.get("STRIPE_TRANSFERS_PER_S", "25")),
        s3_bucket=env.get("S3_BUCKET"),
        s3_endpoint_url=env.get("S3_ENDPOINT_URL"),
        country_header=env.get("PARTNER_NETWORK_COUNTRY_HEADER"),
        trusted_proxies=_proxies(env.get("PARTNER_NETWORK_TRUSTED_PROXIES", "")),
        smtp_url=env.get("SMTP_URL") or None,
        mail_from=env.get("PARTNER_NETWORK_MAIL_FROM", "Partner network <partner-network@localhost>"),
        traces_endpoint=env.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") or None,
        metrics_token=env.get("PARTNER_NETWORK_METRICS_TOKEN") or None,
        chart_file=Path(env["PARTNER_NETWORK_CHART"]) if env.get("PARTNER_NETWORK_CHART") else None,
        operator=_operator(env),
    )


def _country(text: str) -> str:
    """Read PARTNER_NETWORK_PLATFORM_COUNTRY."""
    country = text.strip().upper()
    if not re.fullmatch("[A-Z]{2}", country):
        raise InvalidError(
            f"PARTNER_NETWORK_PLATFORM_COUNTRY is {text!r}; it must be two letters of ISO 3166, such as DE."
        )
    return country


def _former_keys(env: Mapping[str, str]) -> tuple[bytes, ...]:
    """Read PARTNER_NETWORK_FORMER_SECRET_KEYS: the keys before the present one, parted by blanks."""
    former = env.get("PARTNER_NETWORK_FORMER_SECRET_KEYS", "").split()
    if any(len(key) < LEAST_SECRET_LENGTH for key in former):
        raise InvalidError(
            f"PARTNER_NETWORK_FORMER_SECRET_KEYS must hold keys of {LEAST_SECRET_LENGTH} characters or more, "
            "parted by blanks; copy there exactly what PARTNER_NETWORK_SECRET_KEY held before."
        )
    return tuple(key.encode() for key in former)


def _transfers_per_s(text: str) -> int:
    """Read STRIPE_TRANSFERS_PER_S: a whole number that Stripe takes of one platform."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= MOST_TRANSFERS_PER_S):
        raise InvalidError(
            f"STRIPE_TRANSFERS_PER_S is {text!r}; give a whole number from 1 to {MOST_TRANSFERS_PER_S}, "
            "25 unless Stripe allows you more."
        )
    return int(text)


def _proxies(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """Read PARTNER_NETWORK_TRUSTED_PROXIES: addresses or networks, parted by blanks."""
    try:
        return tuple(ip_network(one) for one in text.split())
    except ValueError as error:
        raise InvalidError(
            f"PARTNER_NETWORK_TRUSTED_PROXIES: {error}; give networks such as 10.0.0.0/8, parted by blanks."
        ) from None


def _operator(env: Mapping[str, str]) -> Operator | None:
    """Read PARTNER_NETWORK_OPERATOR_*: all of them or none; semicolons part the lines of the address."""
    names = [f"PARTNER_NETWORK_OPERATOR_{field.upper()}" for field in Operator.__struct_fields__]
    given = [env.get(name, "").strip() for name in names]
    if not any(given):
        return None
    if missing := [name for name, value in zip(names, given, strict=True) if not value]:
        raise InvalidError(f"Agreements name the operator in full: set {', '.join(missing)} too.")
    name, legal_name, address, governing_law, courts = given
    lines = tuple(line.strip() for line in address.split(";") if line.strip())
    return Operator(
        name=name, legal_name=legal_name, address=lines, governing_law=governing_law, courts=courts
    )
