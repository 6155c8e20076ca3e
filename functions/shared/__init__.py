"""Plumbing that every function uses: settings, errors as HTTP answers, clients."""
