"""Slices as files, and the scale bar in them."""

import io

import numpy as np
from numpy.typing import NDArray

from datasets.catalogue.presentation import scale_bar

CONTENT_TYPES = {
    "png": "image/png",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
    "npy": "application/x-npy",
}
EXTENSIONS = {"png": "png", "jpeg": "jpg", "webp": "webp", "npy": "npy"}

_OPTIONS: dict[str, dict[str, int]] = {
    "png": {
        "compress_level": 1
    },  # grain does not compress: more effort makes it a tenth smaller in five times the time
    "jpeg": {"quality": 88},
    "webp": {"quality": 82, "method": 2},
}


def encode_picture(picture: NDArray[np.uint8], form: str) -> bytes:
    """A grey (y, x) or RGB (y, x, 3) picture as PNG, JPEG or WebP."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, format=form.upper(), **_OPTIONS[form])
    return buffer.getvalue()


def encode_values(values: NDArray[np.generic]) -> bytes:
    """Values (y, x) as NumPy's npy, little-endian, in C order."""
    buffer = io.BytesIO()
    little = values.dtype.newbyteorder("<")
    np.save(buffer, np.ascontiguousarray(values, dtype=little), allow_pickle=False)
    return buffer.getvalue()


def draw_scale_bar(picture: NDArray[np.uint8], nm_per_pixel: float) -> NDArray[np.uint8]:
    """The picture with a white bar at the bottom left, its length above it, both on a dark ground.

    A picture of fewer than 32 pixels has no room and is left as it is.
    """
    from PIL import Image, ImageDraw, ImageFont

    height, width = picture.shape[:2]
    bar = scale_bar(width * nm_per_pixel)
    if bar is None or min(height, width) < 32:
        return picture
    image = Image.fromarray(picture)
    draw = ImageDraw.Draw(image)
    size = max(11, round(min(height, width) / 36))
    font = ImageFont.load_default(size)
    thickness, margin, pad = max(2, size // 5), size, size // 2
    length = max(1, round(width * bar.width_percent / 100))
    label = bar.label.replace("\u00a0", " ")
    left, top, right, bottom = draw.textbbox((0, 0), label, font=font)
    box_width, box_height = max(length, right - left) + 2 * pad, bottom - top + thickness + 3 * pad
    white, dark = (255, 16) if picture.ndim == 2 else ((255, 255, 255), (16, 16, 16))
    x, y = margin, height - margin - box_height
    draw.rectangle((x, y, x + box_width - 1, y + box_height - 1), fill=dark)
    draw.text((x + pad - left, y + pad - top), label, fill=white, font=font)
    bar_top = y + box_height - pad - thickness
    draw.rectangle((x + pad, bar_top, x + pad + length - 1, bar_top + thickness - 1), fill=white)
    return np.asarray(image)
