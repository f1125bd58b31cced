"""Reads. What a user may see is decided in :mod:`datasets.catalogue.queries.datasets` and nowhere else."""
