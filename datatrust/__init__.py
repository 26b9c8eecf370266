"""DataTrust 360: governed finance numbers. This root holds the version only."""

__version__ = "0.1.0"
