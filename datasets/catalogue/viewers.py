"""Viewers elsewhere on the web that open a volume by its address. Free of Django, since
settings are read before it is set up.

What a viewer can read is a fact about it, written here with its source; the operator's own are described by settings.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, urlsplit

ADDRESS = "{url}"
FORMATS = ("zarr2", "zarr3")
KINDS = ("image", "labels")
LOOPBACK = {"localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True)
class WebViewer:
    """A viewer on the web.

    Args:
        name: how people call it.
        template: its address, with ``{url}`` where the volume's address goes, percent-encoded.
        formats: which of ``zarr2`` and ``zarr3`` it reads.
        kinds: which of ``image`` and ``labels`` it shows.
        dtypes: the data types it reads; empty where that is not known.
        note: what a person should know before going there.
    """

    name: str
    template: str
    formats: tuple[str, ...] = FORMATS
    kinds: tuple[str, ...] = KINDS
    dtypes: tuple[str, ...] = ()
    note: str = ""

    def reads(self, *, zarr_format: int, is_labels: bool, dtype: str) -> bool:
        """Whether it can show such a volume, as far as is known."""
        return (
            f"zarr{zarr_format}" in self.formats
            and ("labels" if is_labels else "image") in self.kinds
            and (not self.dtypes or dtype in self.dtypes)
        )

    def reaches(self, address: str) -> bool:
        """Whether a browser lets it read ``address``: pages on HTTPS may not read over HTTP, save from loopback."""
        data = urlsplit(address)
        return urlsplit(self.template).scheme == "http" or data.scheme == "https" or data.hostname in LOOPBACK

    def link(self, address: str) -> str:
        """The address that opens the volume at ``address``."""
        return self.template.replace(ADDRESS, quote(address, safe=""))


# vizarr's README (github.com/hms-dbmi/vizarr): ``?source=`` and the data types. OME-Zarr 0.4 was tried by the
# ome-ngff-tools table of April 2025; that the public one opens 0.5 (Zarr v3) is not written down anywhere.
VIZARR = WebViewer(
    name="vizarr",
    template="https://hms-dbmi.github.io/vizarr/?source={url}",
    formats=("zarr2",),
    dtypes=("int8", "int16", "int32", "uint8", "uint16", "uint32", "float32", "float64"),
    note="slices in the browser, on another site",
)


def template_fault(template: str) -> str:
    """What is wrong with the template of an address; ``""`` if nothing."""
    try:
        parts = urlsplit(template)
    except ValueError:
        return "is no address"
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return "is no http or https address"
    if ADDRESS not in template:
        return f"has no {ADDRESS} where the address of the volume goes"
    if ADDRESS in parts.netloc:
        return f"has {ADDRESS} in its host"
    if set("{}") & set(template.replace(ADDRESS, "")):
        return f"has braces other than {ADDRESS}"
    if any(character.isspace() for character in template):
        return "has white space in it"
    return ""
