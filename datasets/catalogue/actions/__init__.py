"""Writes: keyword arguments, ``by=`` whoever does it, one transaction, named errors."""
