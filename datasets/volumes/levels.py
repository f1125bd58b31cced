"""A resolution level as plain data: what the catalogue keeps of it."""

from typing import Any

from datasets.volumes.arrays import ArrayFacts
from datasets.volumes.multiscales import Level


def describe_level(level: Level, facts: ArrayFacts) -> dict[str, Any]:
    """Shapes in stored axis order, ``scale`` and ``translation`` in the axes' own units, those in nm by axis name.

    Raises LengthUnitUnknown where sizes in nm cannot be told.
    """
    return {
        "path": level.path,
        "shape": list(facts.shape),
        "chunk_shape": list(facts.chunk_shape),
        "shard_shape": list(facts.shard_shape) if facts.shard_shape else None,
        "scale": list(level.scale),
        "translation": list(level.translation),
        "scale_nm": level.scale_nm,
        "translation_nm": level.translation_nm,
        "codecs": list(facts.codecs),
        "size_bytes": facts.size_bytes,
    }
