"""The site's configuration: variables, addresses, the signing key, and who on this machine can read along."""

import ipaddress
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from django.core import checks
from django.http.request import validate_host

from portal.config import Config, unknown_variables
from portal.doctor.findings import Finding

SHORTEST_KEY = 40


def check_variables() -> Iterator[Finding]:
    """A variable that nothing reads is a mistyped one."""
    for variable, nearest in unknown_variables():
        meant = f"Did you mean {nearest}? " if nearest else ""
        yield Finding.advice(
            "configuration", f"{variable} is set, and is no setting", f"{meant}See docs/configuration.md, or unset it"
        )


def check_addresses(config: Config) -> Iterator[Finding]:
    """Hosts, public address and https must say the same."""
    name, findings = "addresses", []
    public = urlsplit(config.public_url)
    if public.hostname and not validate_host(public.hostname, config.hosts):
        findings.append(
            Finding.wrong(
                name,
                f"The site does not answer to the host of its own public address, {public.hostname}",
                f"Add {public.hostname} to CISTERNA_HOSTS",
            )
        )
    if "*" in config.hosts:
        findings.append(
            Finding.advice(name, "The site answers to every host name", "Name the site's own in CISTERNA_HOSTS")
        )
    if public.scheme == "http" and not _is_loopback(public.hostname or ""):
        findings.append(
            Finding.advice(
                name,
                f"Passwords and sessions travel unprotected to {config.public_url}",
                "Put a server with https in front and set CISTERNA_PUBLIC_URL=https://…",
            )
        )
    if not config.public_url and not _is_loopback(config.bind):
        findings.append(
            Finding.advice(
                name,
                f"The server listens on {config.bind}, and CISTERNA_PUBLIC_URL does not say how people reach it",
                "Set CISTERNA_PUBLIC_URL, with https, or CISTERNA_BIND=127.0.0.1",
            )
        )
    if config.debug:
        debug = ("The debug mode shows settings and data to whoever meets an error", "Unset CISTERNA_DEBUG")
        public_site = config.public_url or not _is_loopback(config.bind)
        findings.append(Finding.wrong(name, *debug) if public_site else Finding.advice(name, *debug))
    yield from findings or [Finding.ok(name, config.public_url or f"http://{config.bind}:{config.port}")]


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def check_secret_key(config: Config) -> Iterator[Finding]:
    """Whoever has the key can sign in as anyone."""
    name, path = "secret key", config.home / "secret-key"
    if len(config.secret_key) < SHORTEST_KEY:
        yield Finding.wrong(
            name,
            f"The key has {len(config.secret_key)} characters and could be guessed",
            f"Set CISTERNA_SECRET_KEY to {SHORTEST_KEY} random characters or more, or unset it and delete {path}",
        )
    elif path.exists() and path.stat().st_mode & 0o077:
        yield Finding.wrong(name, f"Other users of this machine can read {path}", f"chmod 600 {path}")
    else:
        yield Finding.ok(name, "Long enough, and nobody else can read it")


def check_privacy(config: Config) -> Iterator[Finding]:
    """The database file holds sessions and everything that is not public."""
    if config.database.vendor != "sqlite":
        return
    path = Path(config.database.name)
    closed = any(not folder.stat().st_mode & 0o005 for folder in path.parents if folder.exists())
    if path.exists() and path.stat().st_mode & 0o004 and not closed:
        yield Finding.advice(
            "database", f"Other users of this machine can read {path}, sessions included", f"chmod 700 {path.parent}"
        )


def check_django() -> Iterator[Finding]:
    """Django's own system checks."""
    for message in checks.run_checks():
        if message.level >= checks.ERROR:
            yield Finding.wrong("django", f"{message.id}: {message.msg}", message.hint or "See Django's manual")
