"""The writes of processing: ``jobs`` are people's, ``leases`` the workers'."""
