"""The scheduled build of the index."""
