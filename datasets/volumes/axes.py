"""Axes of an image, by name. The order in which an array is stored is never assumed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from datasets.volumes.errors import CisternaError
from datasets.volumes.lengths import assumed_length_unit, nm_per


class AxisUnknown(CisternaError):
    """An axis was asked for that the image does not have."""

    slug = "axis-unknown"
    status = 422
    title = "No such axis"


@dataclass(frozen=True)
class Axis:
    """One axis: ``type`` is "space", "time", "channel", a custom word or None; ``unit`` as NGFF spells it, or None."""

    name: str
    type: str | None = None
    unit: str | None = None

    @property
    def is_spatial(self) -> bool:
        return self.type == "space"


@dataclass(frozen=True)
class Axes:
    """The axes of an array in stored order."""

    items: tuple[Axis, ...]

    def __iter__(self) -> Iterator[Axis]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, position: int) -> Axis:
        return self.items[position]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(axis.name for axis in self.items)

    @property
    def spatial(self) -> "Axes":
        """The space axes alone, in stored order."""
        return Axes(tuple(axis for axis in self.items if axis.is_spatial))

    @property
    def nm_per_unit(self) -> tuple[float, ...]:
        """Nanometres in the unit of each space axis, in stored order. Raises LengthUnitUnknown.

        An axis without a unit is read in that of the other space axes where they agree on one, else in nanometers.
        """
        spatial = self.spatial
        assumed = assumed_length_unit([axis.unit for axis in spatial])
        return tuple(nm_per(assumed if axis.unit is None else axis.unit, where=f"axis {axis.name}") for axis in spatial)

    def index(self, name: str) -> int:
        """Position of the axis in stored order. Raises AxisUnknown."""
        try:
            return self.names.index(name)
        except ValueError:
            raise AxisUnknown(
                f'there is no axis "{name}"', fix=f"The axes are {', '.join(self.names) or 'none'}."
            ) from None

    def permutation(self, names: Sequence[str]) -> tuple[int, ...]:
        """Stored positions in the order of ``names``: ``np.transpose(array, permutation)`` has the axes so ordered.

        ``names`` names every axis once. Raises AxisUnknown.
        """
        order = tuple(self.index(name) for name in names)
        if sorted(order) != list(range(len(self))):
            raise AxisUnknown(
                f"({', '.join(names)}) does not name every axis once", fix=f"The axes are {', '.join(self.names)}."
            )
        return order
