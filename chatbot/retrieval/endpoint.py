"""Turn texts into vectors at an OpenAI-compatible endpoint, where `configs/llm.yml` names a model for it.

Sends only what it is given, to the one address of the settings: a redirect is a failure, for the key would travel
with it. Whatever goes wrong is one error, `EmbeddingFailed`; the packaged model then takes its place.
Layer: chatbot. Standard library only.
"""

from __future__ import annotations

import hashlib
import json
import math
import time
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.message import Message
from typing import IO, Any
from urllib.error import HTTPError

from pydantic import SecretStr

_BATCH = 128
_MOST_BYTES = 50_000_000
_CHUNK = 65_536


class EmbeddingFailed(Exception):
    """The endpoint gave no vectors: unreachable, late, refused, or a reply that is none."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> None:
        return None


@dataclass(frozen=True, kw_only=True)
class EndpointEmbedding:
    """An embedding model behind an address. `name` tells its vectors from those of every other."""

    endpoint: str
    model: str
    secret: SecretStr | None = field(default=None, repr=False)
    seconds: float = 5.0

    @property
    def name(self) -> str:
        """Return what names the model, fit for a folder."""
        place = hashlib.sha256(f"{self.endpoint}\0{self.model}".encode()).hexdigest()[:16]
        return f"endpoint-{place}"

    def __call__(self, texts: Sequence[str]) -> list[list[float]]:
        """Return one vector of length one for each text.

        Raises:
            EmbeddingFailed: for whatever reason there are none.
        """
        vectors: list[list[float]] = []
        for start in range(0, len(texts), _BATCH):
            vectors += self._batch(texts[start : start + _BATCH])
        if len({len(vector) for vector in vectors}) > 1:
            raise EmbeddingFailed("vectors of different lengths")
        return vectors

    def _batch(self, texts: Sequence[str]) -> list[list[float]]:
        try:
            reply = json.loads(
                self._post({"model": self.model, "input": list(texts), "encoding_format": "float"})
            )
            found = sorted(reply["data"], key=lambda each: each["index"])
            if [each["index"] for each in found] != list(range(len(texts))):
                raise EmbeddingFailed("not one vector for each text")
            return [_of_length_one(each["embedding"]) for each in found]
        except EmbeddingFailed:
            raise
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            status = f" ({error.code})" if isinstance(error, HTTPError) else ""
            raise EmbeddingFailed(f"{type(error).__name__}{status}") from None

    def _post(self, body: dict[str, Any]) -> bytes:
        headers = {"content-type": "application/json"}
        if self.secret is not None:
            headers["authorization"] = f"Bearer {self.secret.get_secret_value()}"
        request = urllib.request.Request(
            f"{self.endpoint.rstrip('/')}/embeddings", data=json.dumps(body).encode(), headers=headers
        )
        until = time.monotonic() + self.seconds
        read = bytearray()
        with urllib.request.build_opener(_NoRedirect).open(request, timeout=self.seconds) as reply:
            while chunk := reply.read1(_CHUNK):
                read += chunk
                if len(read) > _MOST_BYTES or time.monotonic() > until:
                    raise EmbeddingFailed("a reply without an end")
        return bytes(read)


def _of_length_one(vector: Sequence[Any]) -> list[float]:
    numbers = [float(number) for number in vector]
    length = math.sqrt(sum(number * number for number in numbers))
    if not numbers or not math.isfinite(length) or length == 0:
        raise EmbeddingFailed("a vector without a direction")
    return [number / length for number in numbers]
