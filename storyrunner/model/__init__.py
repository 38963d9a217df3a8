"""Frozen data that every room shares. It knows nothing of files, processes or screens."""
