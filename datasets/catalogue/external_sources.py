"""Volumes that stay elsewhere: how Neuroglancer reads them, where they lie, and which of them are opened here.

Only addresses of ``CISTERNA_EXTERNAL_ORIGINS`` are opened; nothing is asked for to find out.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.conf import settings

from datasets.catalogue.models import ExternalFormat, ExternalMesh, Volume
from datasets.catalogue.models.volume import Kind, first_image
from datasets.catalogue.state_sources import OLD_FORMAT, is_of_origin, origin_of

Matrix = Sequence[Sequence[float]]
"""3 × 4, from indices of voxels to nm of their centres, rows and columns x, y, z."""

_STEPS = {
    ExternalFormat.N5: "n5:",
    ExternalFormat.ZARR: "zarr:",
    ExternalFormat.PRECOMPUTED: "neuroglancer-precomputed:",
}

# Where a browser asks for what is in a bucket of Google's.
_GOOGLE = "https://storage.googleapis.com/"


def opens_in_viewer(volume: Volume) -> bool:
    """Whether the viewer shows ``volume``: it is here and inspected, or lies where this portal may look."""
    return volume.is_shown or (volume.is_external and volume.viewable and may_be_read(source_url(volume)))


def seen_with(volume: Volume, volumes: Iterable[Volume]) -> list[str]:
    """The layers to switch on to look at ``volume``: itself over the first image; none where it is not opened."""
    if not opens_in_viewer(volume):
        return []
    if volume.kind in {Kind.EM, Kind.LIGHT}:
        return [volume.path]
    below = first_image([it for it in volumes if opens_in_viewer(it) and not it.is_labels])
    return list(dict.fromkeys([*([below.path] if below else []), volume.path]))


def may_be_read(source: str) -> bool:
    """Whether ``source``, as Neuroglancer's sources are written, is of an origin that the operator allows."""
    return is_of_origin(source, settings.CONFIG.external_origins)


def source_url(volume: Volume) -> str:
    """The address of an external volume as Neuroglancer's sources are written, with its format named."""
    return f"{_folder(volume.external_url)}|{_STEPS[ExternalFormat(volume.external_format)]}"


def mesh_url(mesh: ExternalMesh) -> str:
    """The address of an external volume's meshes as Neuroglancer's sources are written."""
    return f"{_folder(mesh.url)}|neuroglancer-precomputed:"


def http_folder(url: str) -> str:
    """Where a browser asks for what is below ``url``, an address as sources write them; it ends in ``/``."""
    folder = _folder(url)
    if folder.startswith("s3://"):
        bucket, _, key = folder.removeprefix("s3://").partition("/")
        return f"{origin_of(f's3://{bucket}')}/{key}"
    return folder.removeprefix("s3+")


def _folder(url: str) -> str:
    bare = OLD_FORMAT.sub("", url.strip())
    if bare.startswith("gs://"):
        bare = _GOOGLE + bare.removeprefix("gs://")
    return f"{bare.rstrip('/')}/"


def matrix_of(volume: Volume) -> Matrix | None:
    """Where an external volume lies in the space that people meet first, else in the first that is known."""
    transforms = list(volume.transforms.all())
    found = next((it for it in transforms if it.space.main), transforms[0] if transforms else None)
    return found.matrix if found is not None else None


def voxel_nm(matrix: Matrix) -> tuple[float, ...]:
    """How far a step along each stored axis (x, y, z) leads, in nm."""
    return tuple(math.hypot(*(row[column] for row in matrix)) for column in range(3))


@dataclass(frozen=True)
class Placement:
    """From coordinates of a source to nm, axes matched by name: x, y, z.

    Args:
        sides_nm: one step along each axis of the source, in nm.
        matrix: 3 × 4: of lengths in nm along the source's axes, and the translation in nm. None: the source's own
            translation holds.
    """

    sides_nm: tuple[float, ...]
    matrix: list[list[float]] | None


def placement_of(volume: Volume) -> Placement | None:
    """Where Neuroglancer shall put an external volume; nothing where that is not known.

    Neuroglancer numbers the voxels of N5 and precomputed from the corner of the first, those of OME-Zarr from its
    centre, moved by what the metadata there say. So of OME-Zarr the sides of a voxel are enough, unless an axis is
    turned or mirrored, which its metadata cannot say.
    """
    matrix = matrix_of(volume)
    if matrix is None:
        return None
    if volume.external_format != ExternalFormat.ZARR:
        return _placement([[*row[:3], row[3] - sum(row[:3]) / 2] for row in matrix], voxel_nm(matrix))
    if _is_straight(matrix):
        return Placement(voxel_nm(matrix), None)
    return _placement(matrix, voxel_nm(matrix))


def mesh_placement(mesh: ExternalMesh) -> Placement:
    """Where Neuroglancer shall put meshes; their own coordinates count as nm."""
    return _placement(mesh.matrix, (1, 1, 1))


def _placement(matrix: Matrix, sides_nm: tuple[float, ...]) -> Placement:
    return Placement(sides_nm, [[*(row[it] / sides_nm[it] for it in range(3)), row[3]] for row in matrix])


def _is_straight(matrix: Matrix) -> bool:
    return all(
        value > 0 if index == column else value == 0
        for index, row in enumerate(matrix)
        for column, value in enumerate(row[:3])
    )
