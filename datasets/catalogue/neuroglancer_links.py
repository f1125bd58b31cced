"""Neuroglancer states, built on request from what the catalogue says: nothing is stored, so nothing goes stale.

Space is nanometres (x, y, z); sources are pinned to their version. The only importer of ``neuroglancer``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from datasets.catalogue import external_sources
from datasets.catalogue.crop_annotations import CropBox, bounds_nm, crop_boxes, crop_layer, layer_name
from datasets.catalogue.models import DatasetVersion, View, Volume
from datasets.catalogue.models.volume import extent_nm
from datasets.catalogue.queries.datasets import NotFound, segmentation_of
from datasets.catalogue.viewer_dimensions import ChannelLayer, channel_layers, dimensions, time_dimension

if TYPE_CHECKING:
    import neuroglancer

PIXELS_ACROSS = 480
"""A state without a scale shows the whole volume over about this many pixels of a panel."""

LABEL_OPACITY = 0.35
_CONTRAST_SHADER = "#uicontrol invlerp normalized\nvoid main() {\n  emitGrayscale(normalized());\n}\n"
_TINTED_SHADER = (
    '#uicontrol invlerp normalized\n#uicontrol vec3 tint color(default="{colour}")\n'
    "void main() {{\n  emitRGB(tint * normalized());\n}}\n"
)


def build_state(
    version: DatasetVersion,
    *,
    data_url: str,
    layers: Sequence[str] | None = None,
    position_nm: Sequence[float] | None = None,
    view: View | None = None,
) -> dict[str, Any]:
    """The state that shows ``version``.

    Args:
        version: with its volumes loaded.
        data_url: absolute address of the data plane, ending in ``/data/``.
        layers: paths of the volumes to switch on, names of single channels (``path#1``), or that of the layer of
            crops, which is left out where nobody asks for it; those of the view that are opened here, else the first
            image and segmentation.
        position_nm: (x, y, z); that of the view, or the middle of the first volume, when not given.
        view: a curator's view to start from.

    Raises:
        NotFound: a layer is named that the version does not have.
    """
    import neuroglancer  # here, because it takes a third of a second and most requests need no state

    volumes = shown_volumes(version)
    boxes = _asked_boxes(version, volumes, layers)
    crops = layer_name([volume.path for volume in volumes]) if boxes else ""
    shown = shown_names(volumes, view, crops=crops) if layers is None else _asked_names(version, volumes, layers, crops)
    state = neuroglancer.ViewerState()
    state.title = f"{version.title} ({version})"
    for volume in volumes:
        for part in channel_layers(volume):
            state.layers.append(
                name=part.name,
                layer=_layer(volume, part, _sources(volume, version, data_url)),
                visible=part.name in shown or (part.on and volume.path in shown),
            )
    if volumes or boxes:
        # One unit of the space is one voxel, in nm: the wheel and the arrow keys step by units.
        voxel_nm = _voxel_nm(version, volumes)
        whole = overview_of(version, volumes, boxes)
        # Beside space the view has one time, of which the first moment is shown.
        time = [axis for axis in map(time_dimension, volumes) if axis is not None][:1]
        state.dimensions = neuroglancer.CoordinateSpace(
            names=["x", "y", "z", *(axis.name for axis in time)],
            units=["nm", "nm", "nm", *(axis.unit for axis in time)],
            scales=[*voxel_nm, *(axis.scale for axis in time)],
        )
        # Where neither is said, Neuroglancer opens in the middle of what it finds.
        at_nm = position_nm or (view.position_nm if view else None) or whole.middle_nm
        if at_nm is not None:
            place = [at / size for at, size in zip(at_nm, voxel_nm, strict=True)]
            state.position = [*place, *(axis.first for axis in time)]
        if whole.longest_nm is not None:
            state.projection_scale = 2 * whole.longest_nm / min(voxel_nm)
        chosen_nm = view.nm_per_pixel if view else None
        if whole.longest_nm is not None or chosen_nm:
            state.cross_section_scale = (chosen_nm or whole.nm_per_pixel) / min(voxel_nm)
        if view is not None and view.orientation:
            state.cross_section_orientation = view.orientation
    state.layout = view.layout if view else "4panel"
    state.show_axis_lines = True
    state.show_scale_bar = True
    written = dict(state.to_json())
    if boxes:
        written["layers"] = [*written.get("layers", []), crop_layer(boxes, name=crops, visible=True)]
    return written


def neuroglancer_address(base_url: str, state: dict[str, Any]) -> str:
    """The address that opens ``state`` in the Neuroglancer at ``base_url``: the state is its fragment, as JSON."""
    return f"{base_url}#!{quote(json.dumps(state, separators=(',', ':')), safe='')}"


@dataclass(frozen=True)
class Overview:
    """Where all that a version shows is seen."""

    middle_nm: list[float] | None
    """(x, y, z); ``None`` where that is not known."""

    longest_nm: float | None
    """The longest side."""

    nm_per_pixel: float
    """The scale at which it fills a panel; a voxel where that is not known."""


def overview_of(version: DatasetVersion, volumes: Sequence[Volume], boxes: Sequence[CropBox]) -> Overview:
    """The overview of what ``version`` shows: ``volumes``, or the ``boxes`` of its crops where it has nothing else."""
    box = _box_nm(version, volumes, boxes)
    if box is None:
        return Overview(None, None, min(_voxel_nm(version, volumes)))
    low, high = box
    longest_nm = max(high[axis] - low[axis] for axis in low)
    middle_nm = [(low.get(axis, 0) + high.get(axis, 0)) / 2 for axis in "xyz"]
    return Overview(middle_nm, longest_nm, longest_nm / PIXELS_ACROSS)


def shown_volumes(version: DatasetVersion) -> list[Volume]:
    """The volumes of ``version`` that the viewer shows."""
    return [volume for volume in version.volumes.all() if external_sources.opens_in_viewer(volume)]


def _voxel_nm(version: DatasetVersion, volumes: Sequence[Volume]) -> list[float]:
    """The sides (x, y, z) of the first voxel that is known."""
    for volume in volumes:
        if volume.levels:
            return [volume.levels[0]["scale_nm"].get(axis, 1) for axis in "xyz"]
        if (matrix := external_sources.matrix_of(volume)) is not None:
            return [sum(value**2 for value in row[:3]) ** 0.5 or 1 for row in matrix]
    acquisition = getattr(version, "acquisition", None)
    return [getattr(acquisition, f"voxel_{axis}_nm", None) or 1 for axis in "xyz"]


def _box_nm(
    version: DatasetVersion, volumes: Sequence[Volume], boxes: Sequence[CropBox]
) -> tuple[dict[str, float], dict[str, float]] | None:
    """Low and high corner of the first volume that was measured, else of what was imaged, else of the crops."""
    for volume in volumes:
        if volume.levels:
            return extent_nm(volume)
    acquisition = getattr(version, "acquisition", None)
    if acquisition is None or acquisition.extent_x_nm is None:
        return None if volumes else bounds_nm(boxes)
    return dict.fromkeys("xyz", 0.0), {axis: getattr(acquisition, f"extent_{axis}_nm") for axis in "xyz"}


def source_url(volume: Volume, version: DatasetVersion, data_url: str) -> str:
    """The address of ``volume`` as Neuroglancer's sources are written: absolute, pinned, with the format named."""
    return f"{data_url}{version}/{quote(volume.path)}/|zarr{volume.zarr_format}:"


def _asked_boxes(version: DatasetVersion, volumes: Sequence[Volume], layers: Sequence[str] | None) -> list[CropBox]:
    """The crops, if the layer of crops is named, or there is nothing else to be seen."""
    asked = layer_name([volume.path for volume in volumes]) in (layers or ()) or not volumes
    return crop_boxes(version) if asked else []


def shown_names(volumes: Iterable[Volume], view: View | None, *, crops: str = "") -> set[str]:
    """What to switch on of ``volumes``, paths or names of channels: what ``view`` names of them, as others may stay
    elsewhere and not be opened here; else the first image and the first segmentation.

    Args:
        crops: the name of the layer of crops, where there is one.
    """
    there = _names(volumes, crops).intersection(view.layers if view else ())
    if there:
        return there
    first_of_kind: dict[bool, str] = {}
    for volume in volumes:
        first_of_kind.setdefault(volume.is_labels, volume.path)
    return set(first_of_kind.values())


def _asked_names(version: DatasetVersion, volumes: Iterable[Volume], layers: Sequence[str], crops: str) -> set[str]:
    names = _names(volumes, crops)
    for name in layers:
        if name not in names:
            raise NotFound(f"{version} has no layer {name!r}", where=name, fix=f"Layers: {', '.join(sorted(names))}")
    return set(layers)


def _names(volumes: Iterable[Volume], crops: str) -> set[str]:
    names = {name for volume in volumes for name in (volume.path, *(part.name for part in channel_layers(volume)))}
    return names | {crops} if crops else names


def _sources(volume: Volume, version: DatasetVersion, data_url: str) -> list[neuroglancer.LayerDataSource]:
    """The source of a volume; those of its meshes after it, as far as they may be read."""
    import neuroglancer

    if not volume.is_external:
        url = source_url(volume, version, data_url)
        return [neuroglancer.LayerDataSource(url=url, transform=_place(volume))]
    url = external_sources.source_url(volume)
    return [
        neuroglancer.LayerDataSource(url=url, transform=_transform(external_sources.placement_of(volume))),
        *(
            neuroglancer.LayerDataSource(
                url=external_sources.mesh_url(mesh), transform=_transform(external_sources.mesh_placement(mesh))
            )
            for mesh in volume.external_meshes.all()
            if volume.is_labels and external_sources.may_be_read(external_sources.mesh_url(mesh))
        ),
    ]


def _layer(volume: Volume, part: ChannelLayer, placed: Sequence[neuroglancer.LayerDataSource]) -> neuroglancer.Layer:
    import neuroglancer

    if volume.is_labels:
        layer = neuroglancer.SegmentationLayer(source=placed, selected_alpha=LABEL_OPACITY)
        colour = layer_colour(volume)
        if colour:
            layer.segment_default_color = colour
        for value, class_colour in class_colours(volume).items():
            layer.segment_colors[value] = class_colour
        return layer
    shader = _TINTED_SHADER.format(colour=part.colour) if part.colour else _CONTRAST_SHADER
    layer = neuroglancer.ImageLayer(source=placed, opacity=1, shader=shader)
    if part.window:
        layer.shader_controls = {"normalized": {"range": part.window}}
    if part.axis is not None:
        name = f"{part.axis.name}'"  # as Neuroglancer calls an axis that is the layer's own
        layer.local_dimensions = neuroglancer.CoordinateSpace(names=[name], units=[""], scales=[part.axis.scale])
        layer.local_position = [part.axis.first + part.index]
    if part.title:
        layer.blend = "additive"
    return layer


def _place(volume: Volume) -> neuroglancer.CoordinateSpaceTransform | None:
    """What Neuroglancer is told of the axes where it would not read them as the portal does.

    It takes a space axis without a unit for a number of no unit, and shows nothing of it in a space of lengths.
    """
    import neuroglancer

    kinds = dict(zip(volume.axes, zip(volume.axis_types, volume.axis_units, strict=True), strict=False))
    if ("space", None) not in kinds.values():
        return None
    axes = dimensions(volume)
    space = neuroglancer.CoordinateSpace(
        names=[f"{axis.name}'" if kinds[axis.name][0] == "channel" else axis.name for axis in axes],
        units=[axis.unit for axis in axes],
        scales=[axis.scale for axis in axes],
    )
    return neuroglancer.CoordinateSpaceTransform(input_dimensions=space, output_dimensions=space)


def _transform(placement: external_sources.Placement | None) -> neuroglancer.CoordinateSpaceTransform | None:
    import neuroglancer

    if placement is None:
        return None
    names, units = ["x", "y", "z"], ["nm", "nm", "nm"]
    steps = neuroglancer.CoordinateSpace(names=names, units=units, scales=placement.sides_nm)
    if placement.matrix is None:
        return neuroglancer.CoordinateSpaceTransform(input_dimensions=steps, output_dimensions=steps)
    space = neuroglancer.CoordinateSpace(names=names, units=units, scales=[1, 1, 1])
    return neuroglancer.CoordinateSpaceTransform(
        input_dimensions=steps, output_dimensions=space, matrix=placement.matrix
    )


def layer_colour(volume: Volume) -> str:
    """The colour of a whole layer, or ``""`` where each object has its own (instances) or the image is grey."""
    if volume.colour:
        return volume.colour
    segmentation = segmentation_of(volume)
    if segmentation is None or segmentation.type == segmentation.Type.INSTANCE:
        return ""
    classes = [coverage.organelle for coverage in segmentation.coverage.all()]
    return classes[0].colour if len(classes) == 1 else ""


def class_colours(volume: Volume) -> dict[int, str]:
    """The colours of labels that each stand for a class: a semantic segmentation of several organelles."""
    segmentation = segmentation_of(volume)
    coverage = segmentation.coverage.all() if segmentation else ()
    return {item.label_value: item.organelle.colour for item in coverage if item.label_value is not None}
