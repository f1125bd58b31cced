"""One search over all that the catalogue holds. Its reasons: docs/decisions/0015-search.md."""
