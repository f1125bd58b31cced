"""From data somewhere to a frozen version: inspect → register → freeze (validate, derive, review come between)."""
