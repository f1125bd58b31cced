"""Which state the catalogue is in, as everyone sees it: what was counted of one holds until the next."""

from __future__ import annotations

from datasets.catalogue.models import RevisionStamp
from datasets.catalogue.queries.visibility import count_released


def catalogue_state() -> tuple[int | None, int]:
    """The revision stamp, and how many datasets are released.

    The stamp moves with every version and every change of who may see, but not when an embargo ends.
    """
    return RevisionStamp.objects.values_list("value", flat=True).first(), count_released()
