"""Slices as pictures: grey by contrast window, labels as colours over it. Arrays are (y, x) and (y, x, 3)."""

import colorsys

import numpy as np
from numpy.typing import NDArray


def apply_window(plane: NDArray[np.generic], window: tuple[float, float]) -> NDArray[np.uint8]:
    """Grey values 0–255 of a (y, x) plane: ``window``'s ends become black and white, what is beyond is clipped."""
    low, high = window
    scaled = (plane.astype(np.float32) - low) * (255.0 / (high - low))
    grey: NDArray[np.uint8] = np.clip(np.rint(scaled), 0, 255).astype(np.uint8)
    return grey


def colour_labels(labels: NDArray[np.generic], colours: dict[int, str] | None = None) -> NDArray[np.uint8]:
    """RGB (y, x, 3) of a plane of labels: each its own hue, spread by the golden ratio; label 0 is black.

    ``colours`` gives some labels a fixed ``#rrggbb``.
    """
    values, inverse = np.unique(labels, return_inverse=True)
    table = np.array([_colour(int(value), colours or {}) for value in values], dtype=np.uint8)
    picture: NDArray[np.uint8] = table[inverse.reshape(labels.shape)]
    return picture


def overlay(
    grey: NDArray[np.uint8], labels: NDArray[np.generic], colour: NDArray[np.uint8], opacity: float
) -> NDArray[np.uint8]:
    """Colours over a grey (y, x) plane where ``labels`` is not 0; borders between labels are drawn stronger."""
    background = np.repeat(grey[:, :, None], 3, axis=2).astype(np.float32)
    border = np.zeros(labels.shape, dtype=bool)
    border[:, 1:] |= labels[:, 1:] != labels[:, :-1]
    border[1:, :] |= labels[1:, :] != labels[:-1, :]
    strength = np.where(border, min(1.0, 2 * opacity), opacity) * (labels != 0)
    mixed = background * (1 - strength[:, :, None]) + colour.astype(np.float32) * strength[:, :, None]
    picture: NDArray[np.uint8] = np.rint(mixed).astype(np.uint8)
    return picture


def _colour(value: int, colours: dict[int, str]) -> tuple[int, int, int]:
    if value == 0:
        return (0, 0, 0)
    if value in colours:
        text = colours[value]
        return (int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16))
    hue = (value * 0.6180339887498949) % 1.0
    red, green, blue = colorsys.hsv_to_rgb(hue, 0.5 + 0.3 * ((value * 7) % 3) / 2, 0.95)
    return (round(red * 255), round(green * 255), round(blue * 255))
