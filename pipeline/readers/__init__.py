"""The readers of raw files. One file a format, with one constant `READER`; the folder is the registry."""

from __future__ import annotations

import importlib
import pkgutil
from functools import lru_cache

from pipeline.readers.base import Reader


@lru_cache(maxsize=1)
def readers() -> dict[str, Reader]:
    """Return every reader by the format that contracts call it by."""
    found = {}
    for module in pkgutil.iter_modules(__path__):
        reader = getattr(importlib.import_module(f"{__name__}.{module.name}"), "READER", None)
        if isinstance(reader, Reader):
            found[reader.name] = reader
    return found
