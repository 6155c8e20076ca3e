"""The index: feature space, numbering, search, and the bundle that holds them on disk."""
