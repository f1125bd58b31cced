"""Slices as pictures: grey by contrast window, labels as colours over it. Arrays are (y, x) and (y, x, 3)."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray


def apply_window(plane: NDArray[np.generic], window: tuple[float, float]) -> NDArray[np.uint8]:
    """Grey values 0–255 of a (y, x) plane: ``window``'s ends become black and white, what is beyond is clipped."""
    low, high = window
    scaled = (plane.astype(np.float32) - low) * (255.0 / (high - low))
    grey: NDArray[np.uint8] = np.nan_to_num(np.clip(np.rint(scaled), 0, 255)).astype(np.uint8)
    return grey


def tint(grey: NDArray[np.uint8], colour: str) -> NDArray[np.uint8]:
    """RGB (y, x, 3) of a (y, x) grey picture whose white is ``#rrggbb``; white itself where ``colour`` is empty."""
    if not colour:
        return np.repeat(grey[:, :, None], 3, axis=2)
    white = np.array(_rgb(colour), dtype=np.uint16)
    picture: NDArray[np.uint8] = (grey[:, :, None].astype(np.uint16) * white // 255).astype(np.uint8)
    return picture


def colour_labels(labels: NDArray[np.generic], colours: Mapping[int, str] | str = "") -> NDArray[np.uint8]:
    """RGB (y, x, 3) of a plane of labels, in the colours the viewer gives them; label 0 is black.

    ``colours`` is one ``#rrggbb`` for all, or fixes those of some labels.
    """
    # Neighbours mostly have one label: sorting the runs instead of the pixels is ten times as fast.
    flat = labels.ravel()
    begins = np.ones(flat.shape, dtype=bool)
    begins[1:] = flat[1:] != flat[:-1]
    values, inverse = np.unique(flat[begins], return_inverse=True)
    if isinstance(colours, str) and colours:
        table = np.tile(np.array(_rgb(colours), dtype=np.uint8), (len(values), 1))
    else:
        table = segment_colours(values)
        for index, value in enumerate(values.tolist()):
            if colours and value in colours:
                table[index] = _rgb(colours[value])
    table[values == 0] = 0
    runs: NDArray[np.uint8] = table[inverse]
    lengths = np.diff(np.append(np.flatnonzero(begins), flat.size))
    return np.repeat(runs, lengths, axis=0).reshape(*labels.shape, 3)


def overlay(
    background: NDArray[np.uint8], labels: NDArray[np.generic], colour: NDArray[np.uint8], opacity: float
) -> NDArray[np.uint8]:
    """Colours over an RGB picture where ``labels`` is not 0; borders between labels are drawn stronger."""
    border = np.zeros(labels.shape, dtype=bool)
    border[:, 1:] |= labels[:, 1:] != labels[:, :-1]
    border[1:, :] |= labels[1:, :] != labels[:-1, :]
    strength = np.where(border, min(1.0, 2 * opacity), opacity) * (labels != 0)
    weight = strength[:, :, None].astype(np.float32)
    mixed = background.astype(np.float32) * (1 - weight) + colour.astype(np.float32) * weight
    picture: NDArray[np.uint8] = np.rint(mixed).astype(np.uint8)
    return picture


def segment_colours(labels: NDArray[np.generic]) -> NDArray[np.uint8]:
    """RGB (n, 3) of n labels, as Neuroglancer colours segments that nobody coloured (its colour seed being 0).

    Both halves of the 64-bit label go through MurmurHash3's mixing step; the hash's lowest byte is the hue, the next
    one the upper half of the saturation, the value is full.
    """
    wide = np.atleast_1d(labels).astype(np.int64, copy=False) if labels.dtype.kind == "i" else np.atleast_1d(labels)
    bits = wide.astype(np.uint64)
    mixed = np.zeros(bits.shape, dtype=np.uint64)
    for half in (bits & _LOW_32, bits >> np.uint64(32)):
        mixed = _mix(mixed, half)
    hue = (mixed & np.uint64(0xFF)).astype(np.float64) / 255 * 6
    saturation = 0.5 + 0.5 * ((mixed >> np.uint64(8)) & np.uint64(0xFF)).astype(np.float64) / 255
    # HSV to RGB with value 1: each channel falls off with its distance from its own place on the circle of hues.
    places = np.array([5.0, 3.0, 1.0])
    turned = (places + hue[:, None]) % 6
    rgb = 1 - saturation[:, None] * np.clip(np.minimum(turned, 4 - turned), 0, 1)
    colours: NDArray[np.uint8] = np.rint(rgb * 255).astype(np.uint8)
    return colours


_LOW_32 = np.uint64(0xFFFFFFFF)


def _mix(state: NDArray[np.uint64], value: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """One round of MurmurHash3 (32 bits), in 64-bit integers cut to 32 bits."""
    value = value * np.uint64(0xCC9E2D51) & _LOW_32
    value = (value << np.uint64(15) | value >> np.uint64(17)) & _LOW_32
    value = value * np.uint64(0x1B873593) & _LOW_32
    state = state ^ value
    state = (state << np.uint64(13) | state >> np.uint64(19)) & _LOW_32
    return state * np.uint64(5) + np.uint64(0xE6546B64) & _LOW_32


def _rgb(colour: str) -> tuple[int, int, int]:
    return (int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16))
