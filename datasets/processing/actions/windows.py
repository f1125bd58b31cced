"""The grey values between which a draft's images are shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth.base_user import AbstractBaseUser

from datasets.catalogue.actions.audit import record_event
from datasets.catalogue.models import DatasetVersion
from datasets.processing.actions.overlays import DraftMoved


@dataclass(frozen=True)
class Window:
    """The darkest and the brightest grey value of a volume, or of one channel of it."""

    path: str
    metadata_digest: str
    """What the volume was when they were found."""
    channel: int | None
    low: float
    high: float

    @property
    def name(self) -> str:
        return self.path if self.channel is None else f"{self.path} channel {self.channel}"


def set_windows(version: DatasetVersion, windows: Sequence[Window], *, by: AbstractBaseUser | None) -> None:
    """Have a draft's images shown between these grey values. In the caller's transaction.

    Raises:
        DraftMoved: a volume is not what it was, or the draft was published or deleted.
    """
    draft = DatasetVersion.objects.select_for_update(of=("self",)).filter(pk=version.pk, number=None).first()
    volumes = {volume.path: volume for volume in draft.volumes.all()} if draft else {}
    before: dict[str, list[float | None]] = {}
    for window in windows:
        volume = volumes.get(window.path)
        if volume is None or volume.metadata_digest != window.metadata_digest:
            raise DraftMoved("It was changed meanwhile", where=window.path, fix="It is looked at anew")
        if window.channel is not None:
            channel = volume.channels[window.channel]
            before[window.name] = [channel["low"], channel["high"]]
            channel["low"], channel["high"] = window.low, window.high
        else:
            before[window.name] = [volume.contrast_low, volume.contrast_high]
        if not window.channel:  # the first stands for the volume
            volume.contrast_low, volume.contrast_high = window.low, window.high
        volume.save(update_fields=["channels", "contrast_low", "contrast_high"])
    record_event(
        by=by,
        action="draft.contrast",
        subject=str(version),
        before=before,
        after={window.name: [window.low, window.high] for window in windows},
    )
