"""Reading one variable of the environment, or saying by name what is wrong with it."""

import re
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from urllib.parse import urlsplit

from datasets.volumes.errors import CisternaError

_TRUE, _FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off", ""}


class ConfigurationInvalid(CisternaError):
    """An environment variable has a value the portal cannot use."""

    slug = "configuration-invalid"
    title = "The configuration cannot be used"


def read_words(env: Mapping[str, str], variable: str, default: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in env.get(variable, default).split(",") if word.strip())


def read_switch(env: Mapping[str, str], variable: str) -> bool:
    value = env.get(variable, "").strip().lower()
    if value in _TRUE:
        return True
    if value in _FALSE:
        return False
    raise ConfigurationInvalid(f"{value!r} is neither yes nor no", where=variable, fix="Use 1 or 0")


def read_integer(env: Mapping[str, str], variable: str, default: int, least: int, most: int) -> int:
    text = env.get(variable, "").strip()
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
        raise ConfigurationInvalid(
            f"{text!r} is not a whole number from {least} to {most}", where=variable, fix=f"For example {default}"
        )
    return int(text)


def read_file(env: Mapping[str, str], variable: str) -> Path | None:
    value = env.get(variable, "").strip()
    if not value:
        return None
    path = Path(value).expanduser().absolute()
    if path.is_dir() or not path.parent.is_dir():
        raise ConfigurationInvalid(
            f"{path} is no file in a folder that is there", where=variable, fix="Create the folder, or name another"
        )
    return path


def read_contact(env: Mapping[str, str], variable: str) -> str:
    """An address to follow: ``mailto:`` or ``https:``."""
    value = env.get(variable, "").strip()
    if not value or re.fullmatch(r"https://[^\s\"'<>]+", value):
        return value
    if re.fullmatch(r"[\w.+-]+@[\w-]+(\.[\w-]+)+", value, re.ASCII):
        return f"mailto:{value}"
    raise ConfigurationInvalid(
        f"{value!r} is no e-mail address and no https:// address", where=variable, fix="For example help@example.org"
    )


def read_networks(env: Mapping[str, str], variable: str, default: str) -> tuple[IPv4Network | IPv6Network, ...]:
    try:
        return tuple(ip_network(word) for word in read_words(env, variable, default))
    except ValueError as error:
        raise ConfigurationInvalid(str(error), where=variable, fix=f"For example {default}") from None


def read_origin(env: Mapping[str, str], variable: str) -> str:
    value = env.get(variable, "").strip().rstrip("/")
    if value and not re.fullmatch(r"https?://[^/?#\s]+", value):
        raise ConfigurationInvalid(f"{value!r} is not an origin", where=variable, fix="Use https://host without a path")
    return value


def read_origins(env: Mapping[str, str], variable: str) -> tuple[str, ...]:
    """Origins as browsers write them: lower case, without a path and without the port that is meant anyway."""
    return tuple(_origin(word, variable) for word in read_words(env, variable, ""))


def _origin(word: str, variable: str) -> str:
    try:
        parts = urlsplit(word.lower())
        host, port = parts.hostname or "", parts.port
        host = f"[{ip_address(host).compressed}]" if ":" in host else host
    except ValueError:
        parts, host, port = urlsplit(""), "", None
    bare = f"{parts.scheme}://{parts.netloc}"
    known = parts.scheme in ("http", "https") and re.fullmatch(r"[a-z0-9._-]+|\[[0-9a-f:.]+\]", host)
    if not known or "@" in bare or word.lower().rstrip("/") != bare:
        raise ConfigurationInvalid(f"{word!r} is not an origin", where=variable, fix="Use https://host without a path")
    default = {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{host}" + ("" if port in (None, default) else f":{port}")


def read_address(env: Mapping[str, str], variable: str) -> str:
    value = env.get(variable, "").strip()
    if value and not re.fullmatch(r"https?://[^#\s]+", value):
        raise ConfigurationInvalid(
            f"{value!r} is no web address without a fragment",
            where=variable,
            fix="For example https://neuroglancer.example/",
        )
    return value
