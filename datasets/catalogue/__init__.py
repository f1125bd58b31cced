"""What exists and who may see it: models, queries, actions, pages, API, viewer links."""
