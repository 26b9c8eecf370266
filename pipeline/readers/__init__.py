"""The readers of raw files. One file a format, with one constant `READER`; the folder is the registry."""

from __future__ import annotations

from functools import lru_cache

from datatrust.core.plugins import load_plugins
from pipeline.readers.base import Reader


@lru_cache(maxsize=1)
def readers() -> dict[str, Reader]:
    """Return every reader by the format that contracts call it by."""
    return {reader.name: reader for reader in load_plugins(__name__, "READER", Reader)}
