"""Write the table of rule kinds for contract authors, from the kinds themselves: `python -m pipeline.rules.docs`.

Layer: pipeline. Pure but for the main.
"""

from __future__ import annotations

import re
from pathlib import Path

from pipeline.rules import rule_kinds
from pipeline.rules.base import GroupRule, RuleKind, SourceRule

_BEGIN, _END = "<!-- kinds -->", "<!-- /kinds -->"


def render_rules() -> str:
    """Return a table of every kind: what it asks, how it is written, what it is asked of."""
    lines = ["| kind | asked of | what it asks | written as |", "|---|---|---|---|"]
    for name, kind in sorted(rule_kinds().items()):
        written = kind.written.replace("|", "\\|")
        lines.append(f"| `{name}` | {_scope(kind)} | {kind.summary} | `{written}` |")
    return "\n".join(lines)


def _scope(kind: RuleKind) -> str:
    if isinstance(kind, SourceRule):
        return "a delivery"
    return "rows together" if isinstance(kind, GroupRule) else "a row"


def main(path: Path = Path("docs/rules.md")) -> None:
    """Put the table between its marks."""
    text = path.read_text(encoding="utf-8")
    table = f"{_BEGIN}\n{render_rules()}\n{_END}"
    path.write_text(re.sub(f"{_BEGIN}.*{_END}", lambda _: table, text, flags=re.DOTALL), encoding="utf-8")


if __name__ == "__main__":
    main()
