"""A real package: another distribution that installs its own `tests` would hide one without this file."""
