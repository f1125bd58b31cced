"""A slice as asked for, made: cut, drawn and encoded, so many at once."""

from __future__ import annotations

import threading

from django.conf import settings

from datasets.catalogue.models import DatasetVersion
from datasets.catalogue.models.volume import LABEL_KINDS
from datasets.serving.bounds import Overloaded, Places
from datasets.serving.slices.cutting import choose_levels, cut
from datasets.serving.slices.drawing import ImageLook, draw_image, draw_labels
from datasets.serving.slices.encoding import draw_scale_bar, encode_picture, encode_values
from datasets.serving.slices.requests import SliceRequest

PATIENCE_S = 5.0
"""A page asks for several slices at once: so long one waits for its turn before it is told to come again."""

WAITING_FOR_EACH = 4
"""So many may wait for each that is made."""

_turns = threading.BoundedSemaphore(settings.CONFIG.cuts_at_once)
_waiting = Places(settings.CONFIG.cuts_at_once * (1 + WAITING_FOR_EACH))


def make_slice(version: DatasetVersion, request: SliceRequest) -> bytes:
    """The file that is asked for.

    Raises:
        Overloaded: as many are being made as may be.
        SliceTooLarge, StorageError.
    """
    with _waiting:
        if not _turns.acquire(timeout=PATIENCE_S):
            raise Overloaded("Too many slices are asked for at once", fix="Try again in a moment")
        try:
            return _make(version, request)
        finally:
            _turns.release()


def _make(version: DatasetVersion, request: SliceRequest) -> bytes:
    volume, plane = request.volume, request.plane
    if request.form == "npy":
        return encode_values(cut(version, volume, plane, request.elements(volume)))
    levels = choose_levels(plane, request.cuts, {it.path: request.last_elements(it) for it in request.cuts})
    elements = {it.path: request.elements(it) for it in (volume, *request.overlays)}
    if volume.kind in LABEL_KINDS:
        picture = draw_labels(version, (volume,), plane, None, elements=elements, levels=levels)
    else:
        look = ImageLook(request.channel, request.window, elements[volume.path])
        picture = draw_image(version, volume, plane, look, levels=levels)
    if request.overlays:
        picture = draw_labels(
            version, request.overlays, plane, picture, opacity=request.opacity, elements=elements, levels=levels
        )
    if request.with_scale_bar:
        picture = draw_scale_bar(picture, plane.nm_per_pixel)
    return encode_picture(picture, request.form)
