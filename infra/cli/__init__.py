"""The ``daltonify`` command line: the use cases at a terminal."""
