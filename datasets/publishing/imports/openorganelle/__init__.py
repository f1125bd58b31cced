"""OpenOrganelle's own metadata, in each of its published forms."""
