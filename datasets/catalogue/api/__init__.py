"""The REST API, ``/api/v1/``: each view parses, makes one call to a query or an action, and renders."""
