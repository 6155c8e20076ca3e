"""Use cases: what the command line and the Lambda handlers ask of the domain."""
