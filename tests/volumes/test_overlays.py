"""Documents that say more than the given ones, and no others."""

import copy
from typing import Any

from datasets.volumes.multiscales import parse_multiscales
from datasets.volumes.overlays import finer_voxels, overlaid_documents, with_levels


def image(*paths: str) -> dict[str, Any]:
    axes = [{"name": name, "type": "space", "unit": "nanometer"} for name in "zyx"]
    datasets = [
        {"path": path, "coordinateTransformations": [{"type": "scale", "scale": [8.0, 4.0, 4.0]}]} for path in paths
    ]
    return {"ome": {"version": "0.5", "multiscales": [{"axes": axes, "datasets": datasets}]}}


def group(attributes: dict[str, Any], **nodes: Any) -> dict[str, Any]:
    document = {"zarr_format": 3, "node_type": "group", "attributes": attributes}
    return document | ({"consolidated_metadata": {"metadata": nodes}} if nodes else {})


def test_a_level_lies_in_the_middle_of_its_blocks_though_none_says_where_it_begins() -> None:
    given = image("0")
    before = copy.deepcopy(given)
    finer, coarser, coarsest = parse_multiscales(with_levels(given, [("1", (1, 2, 2)), ("2", (2, 2, 2))]))[0].levels
    assert given == before
    assert (finer.scale, finer.translation) == ((8, 4, 4), (0, 0, 0))
    assert (coarser.scale, coarser.translation) == ((8, 8, 8), (0, 2, 2))
    assert (coarsest.scale, coarsest.translation) == ((16, 16, 16), (4, 6, 6))


def test_voxels_become_cubes_first() -> None:
    assert finer_voxels({"z": 40.0, "y": 4.0, "x": 4.0}) == ("y", "x")
    assert finer_voxels({"z": 8.0, "y": 5.24, "x": 5.24}) == ("z", "y", "x")


def test_what_repeats_the_group_says_the_same_and_all_else_is_left_alone() -> None:
    array = {"zarr_format": 3, "node_type": "array", "shape": [2, 2, 2]}
    inner = group(image("0"), **{"0": array})
    documents = {
        "zarr.json": group({}, **{"em": group(image("0")), "em/0": array, "em2": group({}), "em2/1": array}),
        "em/zarr.json": inner,
    }
    given = copy.deepcopy(documents)
    changed = with_levels(inner["attributes"], [("1", (2, 2, 2))])
    found = overlaid_documents(documents, "em", changed, {"1": array})
    assert documents == given
    assert set(found) == set(documents)
    assert found["em/zarr.json"]["attributes"] == changed
    assert set(found["em/zarr.json"]["consolidated_metadata"]["metadata"]) == {"0", "1"}
    nodes = found["zarr.json"]["consolidated_metadata"]["metadata"]
    assert nodes["em"]["attributes"] == changed
    assert nodes["em/1"] == array
    assert {name: nodes[name] for name in ("em2", "em2/1", "em/0")} == {"em2": group({}), "em2/1": array, "em/0": array}


def test_in_zarr_v2_attributes_and_consolidated_metadata_are_documents_of_their_own() -> None:
    attributes = {"multiscales": image("0")["ome"]["multiscales"]}
    array = {"zarr_format": 2, "shape": [2, 2, 2]}
    metadata = {".zgroup": {"zarr_format": 2}, ".zattrs": attributes, "0/.zarray": array}
    changed = with_levels(attributes, [("1", (2, 2, 2))])
    found = overlaid_documents(
        {"em/.zattrs": attributes, "em/.zmetadata": {"metadata": metadata}}, "em", changed, {"1": array}
    )
    assert found["em/.zattrs"] == changed
    assert found["em/.zmetadata"]["metadata"][".zattrs"] == changed
    assert found["em/.zmetadata"]["metadata"]["1/.zarray"] == array
