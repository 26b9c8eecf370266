"""Helpers that more than one layer of tests uses."""
