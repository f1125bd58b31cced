"""Taking in catalogues that others publish: read, map, write (docs/decisions/0014)."""
