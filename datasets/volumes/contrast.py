"""The grey values between which an image is shown when nobody has chosen them."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt


def contrast_window(array: npt.ArrayLike, *, low: float = 0.5, high: float = 99.5) -> tuple[float, float]:
    """The ``low`` and ``high`` percentiles of the values, as (darkest, brightest) with darkest < brightest.

    Meant for a coarse level: the whole of ``array`` is looked at. NaN and infinities are left out. Where the
    percentiles coincide (an almost empty image) the extremes are taken; where those coincide too, a window one grey
    value wide that stays within an integer dtype. An array without any finite value gives (0, 1).
    """
    values = np.asarray(array).ravel()
    if values.dtype.kind == "b":
        values = values.view(np.uint8)
    if values.dtype.kind == "f":
        values = values[np.isfinite(values)].astype(np.float64)
    if not values.size:
        return 0.0, 1.0
    darkest, brightest = (float(value) for value in np.percentile(values, (low, high), method="nearest"))
    if darkest < brightest:
        return darkest, brightest
    darkest, brightest = float(values.min()), float(values.max())
    if darkest < brightest:
        return darkest, brightest
    if values.dtype.kind in "iu" and darkest >= np.iinfo(values.dtype).max:
        return darkest - 1.0, darkest
    # The next float is further away than 1 for very large values.
    return darkest, max(darkest + 1.0, float(np.nextafter(darkest, np.inf)))


def shows_little(window: Sequence[float] | None, values: tuple[float, float]) -> bool:
    """Whether an image whose grey values lie within ``values`` is nearly all black, white or grey in ``window``.

    That is, less than a third of its range is inside, or it fills less than a third of the window.
    """
    if window is None:
        return False
    inside = min(window[1], values[1]) - max(window[0], values[0])
    return inside * 3 < max(values[1] - values[0], window[1] - window[0])
