"""From data somewhere to a frozen version: inspect → register → freeze (validate, derive and review come between)."""
