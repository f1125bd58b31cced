"""The checks an image goes through before it is published: its metadata, its arrays, the viewer's limits."""

from datasets.volumes.array_rules import (
    check_axes_viewable,
    check_channels,
    check_labels_viewable,
    check_levels,
    check_viewable,
)
from datasets.volumes.groups import check_group
from datasets.volumes.image_rules import check_image
from datasets.volumes.problems import Problem

__all__ = [
    "Problem",
    "check_axes_viewable",
    "check_channels",
    "check_group",
    "check_image",
    "check_labels_viewable",
    "check_levels",
    "check_viewable",
]
