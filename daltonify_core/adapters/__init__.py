"""Adapters: one module per outside system, each implementing a port, and ``bounded``, which several of them use."""
