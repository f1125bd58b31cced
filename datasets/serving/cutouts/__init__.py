"""Pieces of volumes as files: planned from metadata, read a slab at a time, written while they are sent."""
