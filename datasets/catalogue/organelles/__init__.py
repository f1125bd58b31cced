"""Organelle classes: what a segmentation can name, as facts the portal ships (no Django here)."""

from datasets.catalogue.organelles.facts import OrganelleFact, load_facts

__all__ = ["OrganelleFact", "load_facts"]
