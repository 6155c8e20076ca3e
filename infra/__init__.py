"""What surrounds the service: command line, local running, site, decision records."""
