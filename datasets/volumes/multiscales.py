"""Images in several resolutions: NGFF 0.4 and 0.5 metadata read once, at the edge, into one model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from datasets.volumes.axes import Axes, Axis
from datasets.volumes.errors import CisternaError
from datasets.volumes.image_rules import check_image, locate_image
from datasets.volumes.problems import Problem, errors_of
from datasets.volumes.transforms import ScaleTranslation


class NotOmeZarr(CisternaError):
    """The group holds no image metadata of NGFF."""

    slug = "not-ome-zarr"
    status = 422
    title = "Not an OME-Zarr image"


class NgffVersionUnsupported(CisternaError):
    """The metadata is of a version other than 0.4 and 0.5."""

    slug = "ngff-version-unsupported"
    status = 422
    title = "OME-Zarr version not supported"


class NgffInvalid(CisternaError):
    """The metadata breaks rules of its version; ``problems`` lists each."""

    slug = "ngff-invalid"
    status = 422
    title = "OME-Zarr metadata is not valid"

    def __init__(self, problems: Sequence[Problem]) -> None:
        first, *others = problems
        more = f" (and {len(others)} more)" if others else ""
        super().__init__(f"{first.message}{more}", where=first.where, fix=first.fix)
        self.problems = tuple(problems)

    def problem(self) -> dict[str, Any]:
        return {**super().problem(), "problems": [problem.to_json() for problem in self.problems]}


@dataclass(frozen=True)
class Level:
    """One resolution of an image: an array at ``path`` below the image's group.

    ``transform`` maps voxels to positions in stored axis order and in the axes' own units; it is the dataset's
    transformations followed by the multiscale's.
    """

    path: str
    axes: Axes
    transform: ScaleTranslation

    @property
    def scale(self) -> tuple[float, ...]:
        """Size of a voxel along each axis, in stored axis order, in the axis's unit."""
        return self.transform.scale

    @property
    def translation(self) -> tuple[float, ...]:
        """Position of the centre of voxel 0, in stored axis order, in the axis's unit."""
        return self.transform.translation

    @property
    def transform_nm(self) -> ScaleTranslation:
        """Voxels to nanometres on the space axes alone, in stored order. Raises LengthUnitUnknown."""
        spatial = self.axes.spatial
        to_nm = ScaleTranslation(self.axes.nm_per_unit, (0.0,) * len(spatial))
        return self.transform.on([self.axes.index(name) for name in spatial.names]).then(to_nm)

    @property
    def scale_nm(self) -> dict[str, float]:
        """Size of a voxel by space axis name, in nm, in stored order."""
        return dict(zip(self.axes.spatial.names, self.transform_nm.scale, strict=True))

    @property
    def translation_nm(self) -> dict[str, float]:
        """Position of the centre of voxel 0 by space axis name, in nm, in stored order."""
        return dict(zip(self.axes.spatial.names, self.transform_nm.translation, strict=True))

    def to_physical_nm(self, voxel: Mapping[str, float]) -> dict[str, float]:
        """Position in nm, by space axis name, of a voxel coordinate (fractions allowed; whole numbers are centres)."""
        names = self.axes.spatial.names
        position = self.transform_nm.apply([voxel[name] for name in names])
        return dict(zip(names, position.tolist(), strict=True))

    def to_voxel(self, position_nm: Mapping[str, float]) -> dict[str, float]:
        """Fractional voxel coordinate, by space axis name, of a position in nm; the nearest voxel is its rounding."""
        names = self.axes.spatial.names
        voxel = self.transform_nm.invert([position_nm[name] for name in names])
        return dict(zip(names, voxel.tolist(), strict=True))

    def bounds_nm(self, shape: Sequence[int]) -> dict[str, tuple[float, float]]:
        """The space an array of ``shape`` (all axes, stored order) covers: by space axis name, lower and upper edge.

        Half a voxel further than the centres to each side, as NGFF has it.
        """
        sizes = {axis.name: size for axis, size in zip(self.axes, shape, strict=True)}
        lower = self.to_physical_nm(dict.fromkeys(self.axes.spatial.names, -0.5))
        upper = self.to_physical_nm({name: sizes[name] - 0.5 for name in self.axes.spatial.names})
        return {name: (lower[name], upper[name]) for name in lower}


@dataclass(frozen=True)
class Multiscale:
    """An image in several resolutions, ``levels`` from the finest to the coarsest."""

    version: str
    name: str
    axes: Axes
    levels: tuple[Level, ...]
    downsampling_type: str | None = None
    metadata: Mapping[str, object] = field(default_factory=dict, hash=False)


def parse_multiscales(attributes: Mapping[str, Any]) -> tuple[Multiscale, ...]:
    """Read the images that a group's Zarr attributes describe (NGFF 0.4: .zattrs; 0.5: the attributes of zarr.json).

    A unit outside NGFF's list is taken as it stands, as the specification allows; whatever is asked for in nm then
    raises LengthUnitUnknown. Raises NotOmeZarr, NgffVersionUnsupported and NgffInvalid.
    """
    errors = errors_of(check_image(attributes))
    for error in errors:
        if error.id == "not-ome-zarr":
            raise NotOmeZarr(error.message, where=error.where, fix=error.fix)
        if error.id == "ngff-version-unsupported":
            raise NgffVersionUnsupported(error.message, where=error.where, fix=error.fix)
    if errors:
        raise NgffInvalid(errors)

    image = locate_image(attributes)
    body: Any = image.body  # from here on the rules vouch for the form
    return tuple(_multiscale(entry, str(image.version_of(entry))) for entry in body["multiscales"])


def _multiscale(entry: Any, version: str) -> Multiscale:
    axes = Axes(tuple(_axis(axis) for axis in entry["axes"]))
    common = _transform(entry.get("coordinateTransformations"), len(axes))
    levels = tuple(
        Level(
            path=dataset["path"].strip("/"),
            axes=axes,
            transform=_transform(dataset["coordinateTransformations"], len(axes)).then(common),
        )
        for dataset in entry["datasets"]
    )
    kind, name, metadata = entry.get("type"), entry.get("name"), entry.get("metadata")
    return Multiscale(
        version=version,
        name=name if isinstance(name, str) else "",
        axes=axes,
        levels=levels,
        downsampling_type=kind if isinstance(kind, str) else None,
        metadata=metadata if isinstance(metadata, Mapping) else {},
    )


def _axis(axis: Any) -> Axis:
    unit = axis.get("unit")
    return Axis(name=axis["name"], type=axis.get("type"), unit=None if unit is None else str(unit))


def _transform(transforms: Any, axis_count: int) -> ScaleTranslation:
    """One map for a list of at most one scale and one translation after it; None is the identity."""
    combined = ScaleTranslation.identity(axis_count)
    for transform in transforms or ():
        numbers = tuple(float(number) for number in transform[transform["type"]])
        one = ScaleTranslation.identity(axis_count)
        step = (
            ScaleTranslation(numbers, one.translation)
            if transform["type"] == "scale"
            else ScaleTranslation(one.scale, numbers)
        )
        combined = combined.then(step)
    return combined
