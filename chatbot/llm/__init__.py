"""Reach a language model: its settings, its limits, and one file for each kind of endpoint. Plans nothing itself."""
