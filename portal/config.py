"""Configuration, read once from the environment. The only reader of ``os.environ`` in the project.

Every setting is a field of :class:`Config`; the documentation in
``docs/configuration.md`` is tested against these fields.
"""

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from difflib import get_close_matches
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

from datasets.catalogue.viewers import FORMATS, KINDS, VIZARR, WebViewer, template_fault
from datasets.storage.roots import Root
from portal.environment import (
    ConfigurationInvalid,
    read_address,
    read_contact,
    read_file,
    read_integer,
    read_networks,
    read_origin,
    read_origins,
    read_switch,
    read_words,
)
from portal.root_settings import OPTIONS as ROOT_OPTIONS
from portal.root_settings import read_roots

CHECKOUT = Path(__file__).resolve().parent.parent

_OPEN_WITH_PREFIX = "CISTERNA_OPEN_WITH_"
_OPEN_WITH_OPTIONS = ("TITLE", "FORMATS", "KINDS")


def setting(variable: str, default: object, description: str, *, shown: bool = True) -> Any:
    """A field of the configuration: its environment variable, its default as documented, and what it is for."""
    return field(repr=shown, metadata={"variable": variable, "default": default, "description": description})


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """The catalogue's database: a SQLite file, or a PostgreSQL server."""

    vendor: Literal["sqlite", "postgresql"]
    name: str
    user: str = ""
    password: str = field(default="", repr=False)
    host: str = ""
    port: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The whole configuration of one process."""

    home: Path = setting(
        "CISTERNA_HOME",
        ".cisterna beside manage.py",
        "Folder for everything the portal writes when nothing else is configured: database, secret key, own root.",
    )
    database: Database = setting(
        "CISTERNA_DATABASE",
        "sqlite:///cisterna.sqlite3 in CISTERNA_HOME",
        "Where the catalogue is kept: sqlite:////file or postgresql://user:password@host:port/name.",
        shown=False,
    )
    hosts: tuple[str, ...] = setting(
        "CISTERNA_HOSTS",
        "localhost,127.0.0.1,[::1]",
        "Host names the site answers to, separated by commas.",
    )
    public_url: str = setting(
        "CISTERNA_PUBLIC_URL",
        "",
        "Address people reach the site at, such as https://cells.example.org. Empty: taken from each request.",
    )
    contact: str = setting(
        "CISTERNA_CONTACT",
        "",
        "Whom people tell of a problem: an e-mail address, or an https:// address. Empty: pages name nobody.",
    )
    bind: str = setting("CISTERNA_BIND", "127.0.0.1", "Address the server listens on.")
    port: int = setting("PORT", 8000, "Port the server listens on.")
    processes: int = setting("CISTERNA_PROCESSES", 1, "Number of server processes.")
    debug: bool = setting("CISTERNA_DEBUG", False, "Django's debug mode. Never on a public site.")
    secret_key: str = setting(
        "CISTERNA_SECRET_KEY",
        "made once, kept in CISTERNA_HOME/secret-key",
        "Key that signs sessions and tokens. All processes of one site must share it.",
        shown=False,
    )
    most_waiting: int = setting(
        "CISTERNA_MOST_WAITING",
        512,
        "Requests for data of one process that may wait for disks, buckets or the database, each; others get a 503.",
    )
    access_log: Path | None = setting(
        "CISTERNA_ACCESS_LOG",
        "",
        "File to which a line for each answer of the data plane is appended, without tokens. Empty: none is written.",
    )
    access_log_addresses: bool = setting(
        "CISTERNA_ACCESS_LOG_ADDRESSES", False, "Write into the access log who asked: addresses are personal data."
    )
    front_log: Path | None = setting(
        "CISTERNA_FRONT_LOG",
        "",
        "The access log of the nginx in front (deploy/nginx): what it has served itself is added to usage and metrics.",
    )
    metrics_networks: tuple[IPv4Network | IPv6Network, ...] = setting(
        "CISTERNA_METRICS_NETWORKS",
        "127.0.0.0/8,::1",
        "Networks that may read /metrics directly, separated by commas.",
    )
    metrics_token: str = setting(
        "CISTERNA_METRICS_TOKEN",
        "",
        "Whoever shows it as a Bearer token may read /metrics from anywhere. Empty: nobody.",
        shown=False,
    )
    external_origins: tuple[str, ...] = setting(
        "CISTERNA_EXTERNAL_ORIGINS",
        "",
        "Origins (https://host) the viewer, check_sources and thumbnails may read from, separated by commas.",
    )
    proxy_networks: tuple[IPv4Network | IPv6Network, ...] = setting(
        "CISTERNA_PROXY_NETWORKS",
        "127.0.0.0/8,::1",
        "Networks of front servers, which are believed whom they ask for (X-Forwarded-For), separated by commas.",
    )
    neuroglancer_url: str = setting(
        "CISTERNA_NEUROGLANCER_URL",
        "",
        'Address of a public Neuroglancer that "open elsewhere" links lead to. Empty: no such links.',
    )
    viewers: tuple[WebViewer, ...] = setting(
        "CISTERNA_OPEN_WITH_<NAME>",
        f"CISTERNA_OPEN_WITH_VIZARR={VIZARR.template}",
        "Viewers on the web to offer volumes to, such as https://viewer.example/?src={url}. Empty: not offered.",
    )
    locate_voxels: int = setting(
        "CISTERNA_LOCATE_VOXELS",
        134217728,
        "Largest resolution level, in voxels, that the viewer's search for a segment reads.",
    )
    cutout_bytes: int = setting(
        "CISTERNA_CUTOUT_BYTES", 4294967296, "Largest cutout of a volume that is made, in bytes of its voxels."
    )
    slice_pixels: int = setting("CISTERNA_SLICE_PIXELS", 4194304, "Largest slice through a volume that is drawn.")
    cuts_at_once: int = setting(
        "CISTERNA_CUTS_AT_ONCE", 8, "Cutouts, and slices, that one process makes at a time, each; others get a 503."
    )
    block_cache_bytes: int = setting(
        "CISTERNA_BLOCK_CACHE_BYTES", 268435456, "Memory of one process for decoded chunks that slices are cut from."
    )
    api_requests_per_minute: int = setting(
        "CISTERNA_API_REQUESTS_PER_MINUTE",
        1200,
        "Questions to the catalogue's API that one account or address may ask each process in a minute. 0: any number.",
    )
    workers: int = setting(
        "CISTERNA_WORKERS", 1, "Workers that manage.py serve starts beside the server. 0: they are started elsewhere."
    )
    jobs_at_once: int = setting("CISTERNA_JOBS_AT_ONCE", 2, "Jobs that one worker does at a time.")
    jobs_per_organization: int = setting(
        "CISTERNA_JOBS_PER_ORGANIZATION", 4, "Jobs for the datasets of one organization that run at a time."
    )
    lease_s: int = setting(
        "CISTERNA_LEASE_S", 30, "A worker that was silent for so many seconds is lost: another takes its jobs."
    )
    audit_hours: int = setting(
        "CISTERNA_AUDIT_HOURS", 24, "A twentieth of each published version is read again after so many hours. 0: never."
    )
    dask: str = setting(
        "CISTERNA_DASK",
        "",
        "Where blocks are computed: tcp://scheduler:8786, local (processes of the worker) or threads. Empty: by size.",
    )
    roots: tuple[Root, ...] = setting(
        "CISTERNA_ROOT_<NAME>",
        "CISTERNA_ROOT_OWN=file://…/own in CISTERNA_HOME",
        "Places data may live: file:///folder or s3://bucket/prefix. OWN is the portal's own root.",
    )

    @property
    def redirect_origins(self) -> list[str]:
        """Where clients are sent for objects, as ``scheme://host:port``."""
        addresses = {urlsplit(root.redirect) for root in self.roots if root.redirect}
        return sorted({f"{address.scheme}://{address.netloc}" for address in addresses})

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> "Config":
        """Read the configuration.

        Raises:
            ConfigurationInvalid: naming the variable and how it should look.
        """
        env = os.environ if environ is None else environ
        home = Path(env.get("CISTERNA_HOME") or CHECKOUT / ".cisterna").expanduser().resolve()
        return cls(
            home=home,
            database=_database(env, home),
            hosts=read_words(env, "CISTERNA_HOSTS", "localhost,127.0.0.1,[::1]"),
            public_url=read_origin(env, "CISTERNA_PUBLIC_URL"),
            contact=read_contact(env, "CISTERNA_CONTACT"),
            bind=env.get("CISTERNA_BIND") or "127.0.0.1",
            port=read_integer(env, "PORT", 8000, 1, 65535),
            processes=read_integer(env, "CISTERNA_PROCESSES", 1, 1, 256),
            debug=read_switch(env, "CISTERNA_DEBUG"),
            secret_key=env.get("CISTERNA_SECRET_KEY") or _kept_secret(home),
            most_waiting=read_integer(env, "CISTERNA_MOST_WAITING", 512, 1, 1_000_000),
            access_log=read_file(env, "CISTERNA_ACCESS_LOG"),
            access_log_addresses=read_switch(env, "CISTERNA_ACCESS_LOG_ADDRESSES"),
            front_log=read_file(env, "CISTERNA_FRONT_LOG"),
            metrics_networks=read_networks(env, "CISTERNA_METRICS_NETWORKS", "127.0.0.0/8,::1"),
            metrics_token=env.get("CISTERNA_METRICS_TOKEN", "").strip(),
            external_origins=read_origins(env, "CISTERNA_EXTERNAL_ORIGINS"),
            proxy_networks=read_networks(env, "CISTERNA_PROXY_NETWORKS", "127.0.0.0/8,::1"),
            neuroglancer_url=read_address(env, "CISTERNA_NEUROGLANCER_URL"),
            viewers=_viewers(env),
            locate_voxels=read_integer(env, "CISTERNA_LOCATE_VOXELS", 134217728, 0, 2**62),
            cutout_bytes=read_integer(env, "CISTERNA_CUTOUT_BYTES", 4294967296, 1, 2**62),
            slice_pixels=read_integer(env, "CISTERNA_SLICE_PIXELS", 4194304, 1, 2**31),
            cuts_at_once=read_integer(env, "CISTERNA_CUTS_AT_ONCE", 8, 1, 1000),
            block_cache_bytes=read_integer(env, "CISTERNA_BLOCK_CACHE_BYTES", 268435456, 0, 2**62),
            api_requests_per_minute=read_integer(env, "CISTERNA_API_REQUESTS_PER_MINUTE", 1200, 0, 1_000_000),
            workers=read_integer(env, "CISTERNA_WORKERS", 1, 0, 64),
            jobs_at_once=read_integer(env, "CISTERNA_JOBS_AT_ONCE", 2, 1, 64),
            jobs_per_organization=read_integer(env, "CISTERNA_JOBS_PER_ORGANIZATION", 4, 1, 1000),
            lease_s=read_integer(env, "CISTERNA_LEASE_S", 30, 1, 3600),
            audit_hours=read_integer(env, "CISTERNA_AUDIT_HOURS", 24, 0, 100_000),
            dask=_dask(env),
            roots=read_roots(env, home),
        )


def documented_settings() -> list[tuple[str, str, str]]:
    """(variable, default, description) of every setting, in order, options of roots included."""
    rows = [
        (str(f.metadata["variable"]), str(f.metadata["default"]), str(f.metadata["description"]))
        for f in fields(Config)
    ]
    rows += [(f"{_OPEN_WITH_PREFIX}<NAME>_{option}", "", "") for option in _OPEN_WITH_OPTIONS]
    return rows + [(f"CISTERNA_ROOT_<NAME>_{option}", "", "") for option in ROOT_OPTIONS]


def unknown_variables(environ: Mapping[str, str] | None = None) -> list[tuple[str, str]]:
    """Variables named as ours are that nothing reads, each with the setting that looks most like it."""
    env = os.environ if environ is None else environ
    settings = [variable for variable, _, _ in documented_settings()]
    known = re.compile("|".join(re.escape(name).replace("<NAME>", "[A-Z0-9_]+") for name in settings))
    unknown = [name for name in sorted(env) if name.startswith("CISTERNA_") and not known.fullmatch(name)]
    return [(name, next(iter(get_close_matches(name, settings, 1)), "")) for name in unknown]


def _database(env: Mapping[str, str], home: Path) -> Database:
    value = env.get("CISTERNA_DATABASE", "").strip()
    if not value:
        return Database(vendor="sqlite", name=str(home / "cisterna.sqlite3"))
    try:
        url = urlsplit(value)
        port = url.port
    except ValueError:
        url, port = urlsplit(""), None
    name = unquote(url.path[1:])
    if url.scheme == "sqlite" and not url.netloc and name.startswith("/"):
        return Database(vendor="sqlite", name=name)
    if url.scheme in ("postgresql", "postgres") and name and "/" not in name and not url.query:
        return Database(
            vendor="postgresql",
            name=name,
            user=unquote(url.username or ""),
            password=unquote(url.password or ""),
            host=unquote(url.hostname or ""),
            port=port,
        )
    raise ConfigurationInvalid(  # without the value: it may hold a password
        "This is not the address of a database",
        where="CISTERNA_DATABASE",
        fix="Use postgresql://user:password@host:port/name, or sqlite:////path/of/the/file",
    )


def _dask(env: Mapping[str, str]) -> str:
    value = env.get("CISTERNA_DASK", "").strip()
    if value not in ("", "local", "threads") and not re.fullmatch(r"(tcp|tls)://[^/\s]+:[0-9]+", value):
        raise ConfigurationInvalid(
            f"{value!r} is no Dask scheduler",
            where="CISTERNA_DASK",
            fix="Use tcp://host:8786, local, threads, or nothing: then it depends on the volume's size",
        )
    return value


def _viewers(env: Mapping[str, str]) -> tuple[WebViewer, ...]:
    """The built-in viewer and those of the operator, by name; an empty address takes one away."""
    built_in = {"VIZARR": VIZARR}
    pattern = re.compile(rf"{_OPEN_WITH_PREFIX}([A-Z][A-Z0-9_]*?)(?:_(?:{'|'.join(_OPEN_WITH_OPTIONS)}))?")
    named = {match[1]: variable for variable in sorted(env) if (match := pattern.fullmatch(variable))}
    viewers = []
    for name in sorted(named.keys() | built_in.keys()):
        variable = _OPEN_WITH_PREFIX + name
        known = built_in.get(name)
        template = env.get(variable, known.template if known else None)
        if template is None:
            raise ConfigurationInvalid(
                "An option is given for a viewer that has no address", where=named[name], fix=f"Set {variable}"
            )
        if not template.strip():
            continue
        if fault := template_fault(template.strip()):
            raise ConfigurationInvalid(
                f"{template!r} {fault}", where=variable, fix="For example https://viewer.example/?src={url}"
            )
        # What is known of the public one need not hold for another address.
        base = known if known and variable not in env else WebViewer(known.name if known else name.title(), template)
        viewers.append(
            replace(
                base,
                name=env.get(f"{variable}_TITLE", "").strip() or base.name.replace("_", " "),
                template=template.strip(),
                formats=_chosen(env, f"{variable}_FORMATS", FORMATS, base.formats),
                kinds=_chosen(env, f"{variable}_KINDS", KINDS, base.kinds),
            )
        )
    return tuple(viewers)


def _chosen(env: Mapping[str, str], variable: str, known: tuple[str, ...], default: tuple[str, ...]) -> tuple[str, ...]:
    words = read_words(env, variable, ",".join(default))
    if not words or set(words) - set(known):
        raise ConfigurationInvalid(
            f"{', '.join(words) or 'Nothing'} cannot be chosen here", where=variable, fix=f"Any of {','.join(known)}"
        )
    return words


def _kept_secret(home: Path) -> str:
    """The signing key of this home, made at first use; linked into place so that two processes agree on one."""
    path = home / "secret-key"
    if not path.exists():
        home.mkdir(parents=True, exist_ok=True)
        draft = home / f".secret-key-{os.getpid()}"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(50))
        try:
            os.link(draft, path)
        except FileExistsError:
            pass  # another process was first: its key counts
        finally:
            draft.unlink()
    key = path.read_text().strip()
    if not key:
        raise ConfigurationInvalid(
            "The key file is empty", where=str(path), fix="Delete it; a new key is made at the next start"
        )
    return key
