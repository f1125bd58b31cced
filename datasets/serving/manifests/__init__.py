"""Manifests: the objects of a version or of a selection as lists that tools take, one function a format."""
