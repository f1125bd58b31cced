"""The grey values between which an image is shown when nobody has chosen them."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from datasets.volumes.value_counts import Selection, count_values

PERCENTILES = (0.5, 99.5)
"""Of the values: the darkest and the brightest of a window."""


def contrast_window(
    array: npt.ArrayLike, *, low: float = PERCENTILES[0], high: float = PERCENTILES[1]
) -> tuple[float, float]:
    """The ``low`` and ``high`` percentiles of the values, as (darkest, brightest) with darkest < brightest.

    Meant for a coarse level: the whole of ``array`` is looked at. NaN and infinities are left out. Where the
    percentiles coincide (an almost empty image) the extremes are taken; where those coincide too, a window one grey
    value wide that stays within an integer dtype. An array without any finite value gives (0, 1).
    """
    values = np.asarray(array)
    selection = Selection(values.dtype)
    while not selection.is_done:
        selection.take(count_values(values, selection.prefixes, selection.turn), (0, low, high, 100))
    return window_between(selection.values(), values.dtype)


def window_between(found: Sequence[float], dtype: npt.DTypeLike) -> tuple[float, float]:
    """The window, from the least value, the low and the high percentile and the greatest; from nothing, (0, 1)."""
    if not found:
        return 0.0, 1.0
    least, low, high, greatest = found
    if low < high:
        return low, high
    if least < greatest:
        return least, greatest
    dtype = np.dtype(dtype)
    if dtype.kind in "iu" and least >= np.iinfo(dtype).max:
        return least - 1.0, least
    # The next float is further away than 1 for very large values.
    return least, max(least + 1.0, float(np.nextafter(least, np.inf)))


def shows_little(window: Sequence[float] | None, values: tuple[float, float]) -> bool:
    """Whether an image whose grey values lie within ``values`` is nearly all black, white or grey in ``window``.

    That is, less than a third of its range is inside, or it fills less than a third of the window.
    """
    if window is None:
        return False
    inside = min(window[1], values[1]) - max(window[0], values[0])
    return inside * 3 < max(values[1] - values[0], window[1] - window[0])
