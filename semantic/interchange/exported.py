"""What an export gives: files, and what of the catalog another tool does not see.

Layer: semantic. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from datatrust.core.errors import UserError
from datatrust.core.issues import Issue, SourcePosition
from semantic.dbt.losses import Loss, Reason
from semantic.interchange.overlay import Extension, told


@dataclass(frozen=True, kw_only=True)
class Exported:
    """The files of an export."""

    texts: Mapping[str, str]  # file name -> text
    losses: tuple[Loss, ...]
    metrics: int  # that the other tool can compute, of those that the catalog has
    of: int


def export_losses(extension: Extension, reasons: Mapping[str, str]) -> Iterator[Loss]:
    """Yield what the other tool does not see of a catalog; our own import reads it from the extension."""
    for kind, name, fields in told(extension):
        if kind == "metric" and not fields:
            message = reasons.get(name, "it is not read back from the format")
        else:
            message = ", ".join(fields) if fields else "all of it"
        yield Loss(kind=kind, name=name, reason=Reason.EXTENSION, message=message)


def extension_data(text: str, key: str, at: SourcePosition) -> dict[str, Any]:
    """Return what our own export wrote into an extension's text; nothing of another's.

    Raises:
        UserError: the text is ours by its vendor and no JSON.
    """
    try:
        data = json.loads(text)
    except (json.JSONDecodeError, RecursionError):
        hint = "export again, or remove the extension"
        raise UserError(
            Issue(code="DT104", message="the extension is no JSON any more", at=at, hint=hint)
        ) from None
    found = data.get(key) if isinstance(data, dict) else None
    return found if isinstance(found, dict) else {}
