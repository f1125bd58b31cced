"""Ground-truth crops of the CellMap segmentation challenge."""
