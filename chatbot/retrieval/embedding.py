"""Turn texts into vectors with the small model that comes packaged with wordllama; nothing is ever downloaded.

Layer: chatbot. Loads the model at first use.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any


@lru_cache(maxsize=1)
def _model() -> Any:
    import wordllama

    folder = Path(wordllama.__file__).parent
    return wordllama.WordLlama.load(cache_dir=folder, disable_download=True)


def model_name() -> str:
    """Return what names the model: vectors of another one cannot be compared with its own."""
    return f"wordllama-{version('wordllama')}"


def embed(texts: Sequence[str]) -> list[list[float]]:
    """Return one vector of length one for each text."""
    vectors = _model().embed(list(texts), norm=True)
    return [[float(number) for number in vector] for vector in vectors]
