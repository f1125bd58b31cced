"""How the channels of an image are shown, as NGFF's "omero" says it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from datasets.volumes.image_rules import is_colour, locate_image
from datasets.volumes.rules import is_number


@dataclass(frozen=True)
class Channel:
    """One channel, in stored order: its name, ``#rrggbb``, the window (darkest, brightest), and whether it is shown.

    What nobody stated is ``""`` or ``None``; a channel is shown unless the metadata say otherwise.
    """

    label: str = ""
    colour: str = ""
    low: float | None = None
    high: float | None = None
    active: bool = True

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def parse_channels(attributes: Mapping[str, Any]) -> tuple[Channel, ...]:
    """The channels of a group's attributes; none where they have no ``omero``.

    Of what breaks a rule (``check_image`` names it) nothing is taken: this never raises.
    """
    omero = locate_image(attributes).body.get("omero")
    channels = omero.get("channels") if isinstance(omero, Mapping) else None
    if not isinstance(channels, list | tuple):
        return ()
    return tuple(_channel(channel if isinstance(channel, Mapping) else {}) for channel in channels)


def _channel(channel: Mapping[str, Any]) -> Channel:
    label, colour, window = channel.get("label"), channel.get("color"), channel.get("window")
    start, end = (window.get("start"), window.get("end")) if isinstance(window, Mapping) else (None, None)
    low, high = (float(start), float(end)) if is_number(start) and is_number(end) else (None, None)  # type: ignore[arg-type]
    has_window = low is not None and high is not None and low < high
    return Channel(
        label=label if isinstance(label, str) else "",
        colour=f"#{colour.lstrip('#').lower()}" if isinstance(colour, str) and is_colour(colour) else "",
        low=low if has_window else None,
        high=high if has_window else None,
        active=channel.get("active") is not False,
    )
