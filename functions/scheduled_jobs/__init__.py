"""What happens on a schedule beside the build of the index."""
