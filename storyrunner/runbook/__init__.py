"""Runbook YAML and its parameters."""
