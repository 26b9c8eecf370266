"""A Chroma collection of a catalog's documents, kept on disk between runs and brought up to date by content.

One process writes the folder; another that comes while it is held works on a copy in memory. Sends nothing anywhere.
Layer: chatbot. Imports chromadb at first use.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chatbot.retrieval.documents import Document
from chatbot.retrieval.endpoint import EmbeddingFailed

Embed = Callable[[Sequence[str]], list[list[float]]]
COLLECTION = "catalog"
_BATCH = 1_000
_KEPT_FOLDERS = 3


@dataclass(frozen=True, kw_only=True)
class Hit:
    """A document that is near in meaning; `distance` 0 is the same direction, 2 the opposite."""

    kind: str
    ref: str
    text: str
    distance: float


class MeaningIndex:
    """The documents of one catalog, found by meaning."""

    def __init__(self, collection: Any, embed: Embed, *, lock: int | None) -> None:
        self._collection = collection
        self._embed = embed
        self._lock = lock

    @property
    def is_persistent(self) -> bool:
        """Whether it is kept on disk by this process."""
        return self._lock is not None

    @classmethod
    def open(cls, folder: Path | None, documents: Sequence[Document], embed: Embed) -> MeaningIndex:
        """Open the index in `folder` and bring it up to date; in memory where there is none or it cannot be had."""
        lock = _take_lock(folder) if folder is not None else None
        if folder is None or lock is None:
            return cls._made(None, documents, embed, lock=None)
        try:
            kept = next(iter(sorted(folder.glob("chroma*"))), folder / "chroma")
            index = cls._made(kept, documents, embed, lock=lock)
        except EmbeddingFailed:
            os.close(lock)
            raise
        except (
            Exception
        ):  # a damaged folder: chromadb raises many kinds, and the index can always be made again
            for old in folder.glob("chroma*"):
                shutil.rmtree(old, ignore_errors=True)
            # a new name, for chromadb keeps what it knew of the old path for the life of the process
            index = cls._made(folder / f"chroma-{uuid.uuid4().hex}", documents, embed, lock=lock)
        _drop_old(folder)
        return index

    @classmethod
    def _made(
        cls, folder: Path | None, documents: Sequence[Document], embed: Embed, *, lock: int | None
    ) -> MeaningIndex:
        index = cls(_open_collection(folder), embed, lock=lock)
        index._update(documents)
        return index

    def near(self, text: str, *, kinds: Sequence[str] = (), limit: int = 5) -> list[Hit]:
        """Return the documents nearest to a text, nearest first."""
        where = {"kind": {"$in": list(kinds)}} if kinds else None
        found = self._collection.query(query_embeddings=self._embed([text]), n_results=limit, where=where)
        rows = zip(found["metadatas"][0], found["documents"][0], found["distances"][0], strict=True)
        return [
            Hit(kind=str(meta["kind"]), ref=str(meta["ref"]), text=str(text), distance=float(distance))
            for meta, text, distance in rows
        ]

    def __len__(self) -> int:
        return int(self._collection.count())

    def _update(self, documents: Sequence[Document]) -> None:
        wanted = {document.id: document for document in documents}
        have = set(self._collection.get(include=[])["ids"])
        stale = sorted(have - wanted.keys())
        for start in range(0, len(stale), _BATCH):
            self._collection.delete(ids=stale[start : start + _BATCH])
        missing = [wanted[key] for key in wanted if key not in have]
        for start in range(0, len(missing), _BATCH):
            part = missing[start : start + _BATCH]
            self._collection.add(
                ids=[each.id for each in part],
                documents=[each.text for each in part],
                metadatas=[{"kind": each.kind, "ref": each.ref} for each in part],
                embeddings=self._embed([each.text for each in part]),
            )

    def close(self) -> None:
        """Let another process have the folder."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _open_collection(folder: Path | None) -> Any:
    import chromadb
    from chromadb.config import Settings

    settings = Settings(anonymized_telemetry=False)
    if folder is None:
        client = chromadb.EphemeralClient(settings=settings)
        name = f"{COLLECTION}-{uuid.uuid4().hex}"  # ephemeral clients of one process share their memory
    else:
        client = chromadb.PersistentClient(path=str(folder), settings=settings)
        name = COLLECTION
    return client.get_or_create_collection(name, embedding_function=None, metadata={"hnsw:space": "cosine"})


def _take_lock(folder: Path) -> int | None:
    """Hold the folder for this process; None where another has it or the disk says no."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        return None
    return handle


def _drop_old(folder: Path) -> None:
    """Remove the indexes of other models, but for the latest few and those in use."""
    others = sorted(
        (f for f in folder.parent.iterdir() if f.is_dir() and f != folder), key=lambda f: f.stat().st_mtime
    )
    for old in others[: -_KEPT_FOLDERS or None]:
        handle = _take_lock(old)
        if handle is not None:
            shutil.rmtree(old, ignore_errors=True)
            os.close(handle)
