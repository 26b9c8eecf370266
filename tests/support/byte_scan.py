"""Find texts in files, byte by byte and decoded: one pass over each file for any number of texts.

Every text is looked for by its first eight bytes at once, in windows of eight; only where they stand is the rest
compared. Letters count the same in either case. Parquet is compressed, so the columns that can hold a text are
read as well; its numbers cannot.
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import duckdb
import numpy as np

WINDOW = 8
_NUMBERS = ("INT", "DECIMAL", "DOUBLE", "FLOAT", "BOOLEAN", "HUGEINT")


class ByteScan:
    """Looks for texts, each of at least eight bytes, as they are and as JSON and HTML write them."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._wanted: dict[int, list[tuple[bytes, str]]] = {}
        for text in texts:
            for written in {text, json.dumps(text)[1:-1], html.escape(text)}:
                wanted = written.encode().lower()
                assert len(wanted) >= WINDOW, f"too short to look for: {len(wanted)} bytes"
                self._wanted.setdefault(int.from_bytes(wanted[:WINDOW], "little"), []).append((wanted, text))
        self._starts = np.array(sorted(self._wanted), dtype=np.uint64)

    def find(self, content: bytes) -> set[str]:
        """Return the texts that stand in `content`."""
        content = content.lower()
        found = set()
        for shift in range(min(WINDOW, max(len(content) - WINDOW + 1, 0))):
            count = (len(content) - shift) // WINDOW
            windows = np.frombuffer(content, dtype="<u8", count=count, offset=shift)
            places = np.searchsorted(self._starts, windows)
            places[places == len(self._starts)] = 0
            for index in np.flatnonzero(self._starts[places] == windows):
                at = shift + int(index) * WINDOW
                for wanted, text in self._wanted[int(windows[index])]:
                    if content.startswith(wanted, at):
                        found.add(text)
        return found

    def find_in(self, folder: Path, files: Iterable[Path]) -> dict[str, int]:
        """Return by file, relative to `folder`, how many of the texts stand in it; Parquet is decoded too."""
        found = {}
        with duckdb.connect() as engine:
            for file in files:
                texts = self.find(file.read_bytes())
                for content in _decoded(engine, file):
                    texts |= self.find(content)
                if texts:
                    found[str(file.relative_to(folder))] = len(texts)
        return found


def _decoded(engine: duckdb.DuckDBPyConnection, file: Path) -> Iterator[bytes]:
    """Yield the distinct values of a Parquet file's columns that can hold a text, dates among them."""
    if file.suffix != ".parquet":
        return
    table = engine.read_parquet(str(file))
    for name, kind in zip(table.columns, table.types, strict=True):
        if str(kind).startswith(_NUMBERS):
            continue
        quoted = '"' + name.replace('"', '""') + '"'
        values = engine.execute(
            f"select string_agg(distinct cast({quoted} as varchar), chr(10)) from read_parquet(?)",
            [str(file)],
        ).fetchone()
        if values and values[0]:
            yield values[0].encode()
