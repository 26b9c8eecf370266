"""Hold a scoring against an earlier one, case by case: what was right must stay right.

The file is JSON: for each question file the ids of its cases with their verdicts. A case that the earlier scoring did
not know, or that is gone, is no regression.
Layer: evaluation. Reads and writes one file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from datatrust.core.errors import UserError
from datatrust.core.issues import Issue, SourcePosition
from datatrust.evaluation.score import Scored

Verdicts = Mapping[str, Mapping[str, str]]  # file's name -> case -> verdict


def verdicts_of(sets: Mapping[str, Sequence[Scored]]) -> dict[str, dict[str, str]]:
    """Return the verdicts of scored files by the ids of their cases."""
    return {name: {str(one.case.id): one.verdict for one in scored} for name, scored in sets.items()}


def write_verdicts(path: Path, verdicts: Verdicts) -> None:
    """Keep verdicts for a later comparison."""
    path.write_text(
        json.dumps(verdicts, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8"
    )


def load_verdicts(path: Path) -> Verdicts:
    """Return the verdicts that a file keeps.

    Raises:
        UserError: it cannot be read, or it is another kind of file.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(_issue(path, f"cannot be read: {type(error).__name__}")) from None
    if not isinstance(found, dict) or not all(isinstance(each, dict) for each in found.values()):
        raise UserError(_issue(path, "holds no verdicts"))
    return found


def regressions(before: Verdicts, sets: Mapping[str, Sequence[Scored]]) -> list[tuple[str, Scored]]:
    """Return (file's name, case) of each case that was right and is not any more."""
    return [
        (name, one)
        for name, scored in sets.items()
        for one in scored
        if before.get(name, {}).get(str(one.case.id)) == "right" and one.verdict != "right"
    ]


def _issue(path: Path, message: str) -> Issue:
    return Issue(
        code="DT112", message=message, at=SourcePosition(file=str(path)),
        hint="write one with: datatrust eval FILE.jsonl --keep VERDICTS.json",
    )  # fmt: skip
