"""The site: configuration, URLs, look, accounts. Knows every package; none knows it."""
