"""Planes through a version's volumes: cut at the level their pixels need, drawn as the viewer shows them, encoded."""
