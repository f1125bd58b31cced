"""The rules of NGFF 0.4 and 0.5 for "image-label": colours and properties of labels, beside an image of labels."""

from collections.abc import Mapping, Sequence

from datasets.volumes.rules import Found, list_of_objects, objects_in, problem, shown


def _is_whole(value: object) -> bool:
    """A whole number, as JSON may also write it: 1.0."""
    return not isinstance(value, bool) and (isinstance(value, int) or (isinstance(value, float) and value.is_integer()))


def label_value(items: Sequence[Mapping[str, object]], where: str) -> Found:
    for position, item in enumerate(items):
        if not _is_whole(item.get("label-value")):
            found = shown(item["label-value"]) if "label-value" in item else "missing"
            fix = 'Write "label-value", the number that the voxels of the label have.'
            yield problem("label-value", f"{where}/{position}/label-value", f"label-value is {found}", fix)


def label_value_unique(items: Sequence[Mapping[str, object]], where: str) -> Found:
    values = [value for item in items if _is_whole(value := item.get("label-value"))]
    for value in sorted({value for value in values if values.count(value) > 1}, key=str):
        message = f"{values.count(value)} of them have the label-value {value}"
        yield problem("label-value-unique", where, message, "List every label once.")


def label_color(colors: Sequence[Mapping[str, object]], where: str) -> Found:
    for position, color in enumerate(colors):
        if "rgba" not in color:
            continue
        rgba = color["rgba"]
        parts = rgba if isinstance(rgba, list | tuple) else ()
        if len(parts) != 4 or not all(_is_whole(part) and 0 <= part <= 255 for part in parts):
            fix = "Write red, green, blue and opacity from 0 to 255: [255, 0, 0, 255]."
            yield problem("label-color", f"{where}/{position}/rgba", f"rgba is {shown(rgba)}", fix)


def check_image_label(label: object, where: str) -> Found:
    if not isinstance(label, Mapping):
        yield problem("image-label", where, f"image-label is {shown(label)}", "Write an object, or remove it.")
        return
    for key in ("colors", "properties"):
        if key in label:
            at = f"{where}/{key}"
            yield from list_of_objects("image-label", label[key], at, example='[{"label-value": 1, …}, …]')
            items = objects_in(label[key])
            yield from label_value(items, at)
            yield from label_value_unique(items, at)
            if key == "colors":
                yield from label_color(items, at)
