"""An executed notebook as one page: its words, its panels and their figures, with Plotly's script in it once.

The page loads nothing from anywhere, and says so to the browser. What a notebook printed or failed with is not shown.
Layer: chatbot. Pure, over the notebook's data.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping
from typing import Any

import plotly.io
from markdown_it import MarkdownIt
from plotly.offline import get_plotlyjs

from chatbot.board import CONFIG, PANEL, PLOTLY

_POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; font-src data:"
_STYLE = """
:root { color-scheme: light; }
body { margin: 0; background: #F4F6F8; color: #1F2933; font: 15px/1.5 Inter, system-ui, sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 24px 16px 64px; }
h1 { font-size: 28px; margin: 8px 0 4px; }
h2 { font-size: 19px; margin: 36px 0 4px; }
section { background: #fff; border: 1px solid #DDE3E9; border-radius: 10px; padding: 16px 18px 10px; margin: 18px 0; }
section h3 { font-size: 16px; margin: 0 0 4px; }
.caption { color: #5B6673; font-size: 13px; margin: 6px 0; }
details { color: #5B6673; font-size: 13px; margin: 4px 0; }
summary { cursor: pointer; }
code { font: 12px/1.4 ui-monospace, monospace; background: #F4F6F8; padding: 2px 4px; overflow-wrap: anywhere; }
.figures { overflow: auto; max-height: 340px; }
table { border-collapse: collapse; margin: 8px 0; }
th, td { border-bottom: 1px solid #DDE3E9; padding: 3px 10px; text-align: left; font-variant-numeric: tabular-nums; }
"""


def page_of(notebook: Mapping[str, Any]) -> str:
    """Return the page of an executed notebook (format 4), as one HTML text."""
    cells = notebook["cells"]
    body = "\n".join(part for cell in cells for part in _parts(cell))
    return "\n".join(
        (
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{html.escape(_title(cells))}</title><style>{_STYLE}</style>",
            f"<script>{get_plotlyjs()}</script></head>",
            f"<body><main>\n{body}\n</main></body></html>\n",
        )
    )


def panels_of(notebook: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the panels' figures of an executed notebook."""
    return [
        output["data"][PANEL]
        for cell in notebook["cells"]
        for output in cell.get("outputs", ())
        if PANEL in output.get("data", {})
    ]


def _title(cells: list[Mapping[str, Any]]) -> str:
    first = next((each["source"] for each in cells if each["cell_type"] == "markdown"), "Dashboard")
    return str(first).splitlines()[0].lstrip("# ").strip()


def _parts(cell: Mapping[str, Any]) -> Iterator[str]:
    if cell["cell_type"] == "markdown":
        yield MarkdownIt("js-default").render(cell["source"])
        return
    for output in cell.get("outputs", ()):
        data = output.get("data", {})
        if PANEL in data:
            yield _section(data[PANEL], data.get(PLOTLY))


def _section(panel: Mapping[str, Any], figure: Mapping[str, Any] | None) -> str:
    shown = "<p>Nothing to show.</p>" if not panel["rows"] else ""
    if figure is not None:
        shown = plotly.io.to_html(figure, full_html=False, include_plotlyjs=False, config=CONFIG)
    command = f"<p>Ask again: <code>{html.escape(panel['command'])}</code></p>" if panel["command"] else ""
    return (
        f"<section><h3>{html.escape(panel['title'])}</h3>{shown}"
        f'<p class="caption">{html.escape(panel["caption"])}</p>'
        f'<details{"" if figure is not None else " open"}><summary>Figures</summary>{command}<div class="figures">{_table(panel)}</div></details></section>'
    )


def _table(panel: Mapping[str, Any]) -> str:
    head = "".join(f"<th>{html.escape(str(each))}</th>" for each in panel["columns"])
    rows = "".join(
        "<tr>"
        + "".join(f"<td>{html.escape('' if each is None else str(each))}</td>" for each in row)
        + "</tr>"
        for row in panel["rows"]
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
