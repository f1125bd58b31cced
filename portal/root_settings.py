"""The roots of the configuration: ``CISTERNA_ROOT_<NAME>`` and its options."""

import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from datasets.storage.keys import InvalidKey, canonical_key
from datasets.storage.roots import OWN_ROOT, Root
from portal.environment import ConfigurationInvalid, read_switch

PREFIX = "CISTERNA_ROOT_"
OPTIONS = ("ENDPOINT", "REGION", "KEY", "SECRET", "ANONYMOUS", "REDIRECT", "FORBIDDEN_MEANS_ABSENT")


def read_roots(env: Mapping[str, str], home: Path) -> tuple[Root, ...]:
    """The roots by name; the portal's own is a folder in ``home`` where nothing else is said.

    Raises:
        ConfigurationInvalid: naming the variable and how it should look.
    """
    urls: dict[str, str] = {OWN_ROOT: (home / "own").as_uri()}
    options: dict[str, dict[str, str]] = {}
    for variable, value in env.items():
        if not variable.startswith(PREFIX) or not value:
            continue
        rest = variable.removeprefix(PREFIX)
        option = next((o for o in OPTIONS if rest.endswith(f"_{o}")), None)
        if option is None:
            urls[_root_name(rest, variable)] = value
        else:
            options.setdefault(_root_name(rest.removesuffix(f"_{option}"), variable), {})[option] = value
    for name in options.keys() - urls.keys():
        raise ConfigurationInvalid(
            "Options are given for a root that has no address",
            where=PREFIX + name.upper(),
            fix=f"Set {PREFIX}{name.upper()}=file:///folder or s3://bucket/prefix",
        )
    return tuple(_root(name, url, options.get(name, {})) for name, url in sorted(urls.items()))


def _root_name(text: str, variable: str) -> str:
    if not re.fullmatch(r"[A-Z][A-Z0-9_]{0,30}", text):
        raise ConfigurationInvalid(
            "A root's name is capital letters, digits and _", where=variable, fix=f"For example {PREFIX}CELLS"
        )
    return text.lower()


def _root(name: str, url: str, options: dict[str, str]) -> Root:
    variable = PREFIX + name.upper()
    if not re.fullmatch(r"file:///.*|s3://[^/?#]+(/[^?#]*)?", url):
        raise ConfigurationInvalid(
            f"{url!r} is not an address a root can have", where=variable, fix="Use file:///folder or s3://bucket/prefix"
        )
    if ("KEY" in options) != ("SECRET" in options):
        raise ConfigurationInvalid(
            "A key and its secret belong together",
            where=f"{variable}_KEY",
            fix=f"Set {variable}_SECRET as well, or none",
        )
    env = {f"{variable}_{option}": value for option, value in options.items()}
    root = Root(
        name=name,
        url=url.rstrip("/") if url != "file:///" else url,
        endpoint=options.get("ENDPOINT", ""),
        region=options.get("REGION", ""),
        key=options.get("KEY", ""),
        secret=options.get("SECRET", ""),
        anonymous=read_switch(env, f"{variable}_ANONYMOUS"),
        redirect=_redirect(variable, url, options),
        forbidden_means_absent=read_switch(env, f"{variable}_FORBIDDEN_MEANS_ABSENT"),
    )
    if root.redirect and not (root.anonymous or root.key):
        raise ConfigurationInvalid(
            "Clients are sent to a bucket by addresses that are signed, and there is no key to sign with",
            where=f"{variable}_REDIRECT",
            fix=f"Set {variable}_KEY and _SECRET, or _ANONYMOUS=1 if everybody may read the bucket",
        )
    if root.prefix:
        try:
            canonical_key(quote(root.prefix).encode())
        except InvalidKey as error:
            raise ConfigurationInvalid(
                f"{error.what}, below the bucket", where=variable, fix="Use s3://bucket/prefix with single slashes"
            ) from None
    return root


def _redirect(variable: str, url: str, options: Mapping[str, str]) -> str:
    """The address of a root's bucket for clients; empty where they are not sent there."""
    text = options.get("REDIRECT", "").strip()
    if re.fullmatch(r"https?://[^/?#@\s]+(/[^?#\s]*)?", text):
        address = text.rstrip("/")
    elif not read_switch({f"{variable}_REDIRECT": text}, f"{variable}_REDIRECT"):
        return ""
    else:
        endpoint = options.get("ENDPOINT", "").rstrip("/")
        address = f"{endpoint}/{url.removeprefix('s3://').partition('/')[0]}" if endpoint else ""
    if not address or not url.startswith("s3:"):
        raise ConfigurationInvalid(
            "Where clients reach this root's bucket is not known",
            where=f"{variable}_REDIRECT",
            fix="Give the bucket's address, such as https://objects.example.org/bucket; folders have none",
        )
    return address
