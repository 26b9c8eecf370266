"""Execute the dashboards' notebooks on a project's current release and write each as one HTML page.

    python tools/dashboards.py [--project DIR] [--out DIR] [NAME ...]

Exit code 2 where there is nothing to execute them on, 1 where one failed; the others are written all the same.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = ROOT / "notebooks" / "dashboards"
MISSING = "dashboards need a package that is missing ({}); install it with: pip install 'datatrust360[dashboards,chat]'"
PATIENCE = 600  # seconds a cell


def main(arguments: list[str]) -> int:
    """Execute and write; return the exit code."""
    parser = argparse.ArgumentParser(description="Execute the dashboards and write them as HTML.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="notebooks, without .ipynb; all unless said")
    parser.add_argument("--project", type=Path, default=None)
    parser.add_argument("--out", type=Path, default=ROOT / "dist" / "dashboards")
    asked = parser.parse_args(arguments)
    try:
        import nbclient  # noqa: F401
        import nbformat  # noqa: F401

        from chatbot import board_page  # noqa: F401
    except ImportError as error:
        print(MISSING.format(error.name), file=sys.stderr)
        return 2
    from datatrust.core.errors import DataTrustError
    from datatrust.core.settings import find_project, load_project

    known = {file.stem: file for file in sorted(NOTEBOOKS.glob("*.ipynb"))}
    unknown = [name for name in asked.names if name not in known]
    if unknown:
        print(f"no dashboard is called {', '.join(unknown)}; there are: {', '.join(known)}", file=sys.stderr)
        return 2
    try:
        project = load_project(asked.project or find_project())
        _check(project)
    except DataTrustError as error:
        print(error, file=sys.stderr)
        return 2
    asked.out.mkdir(parents=True, exist_ok=True)
    failed = 0
    for name in asked.names or known:
        page, message = _execute(known[name], project.root)
        if page is None:
            failed += 1
            print(f"{name}: {message}", file=sys.stderr)
            continue
        target = asked.out / f"{name}.html"
        target.write_text(page, encoding="utf-8")
        print(target)
    return 1 if failed else 0


def _check(project: Any) -> None:
    """Open what every notebook opens, so that what is wrong is said once."""
    from chatbot.board import Board

    Board.open(project.root).layer.close()


def _execute(file: Path, root: Path) -> tuple[str | None, str]:
    """The page of a notebook that has been executed in a kernel of its own, or why there is none."""
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    from chatbot.board_page import page_of

    os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    notebook = nbformat.read(file, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=PATIENCE,
        startup_timeout=PATIENCE,
        kernel_name="python3",
        resources={"metadata": {"path": str(root)}},
        extra_arguments=[
            "--IPKernelApp.log_level=ERROR"
        ],  # the kernel is on loopback; its messages are signed
    )
    try:
        client.execute()
    except CellExecutionError as error:
        return None, f"{error.ename}: {error.evalue}"
    except (CellTimeoutError, DeadKernelError, RuntimeError) as error:
        return None, str(error).splitlines()[0]
    return page_of(notebook), ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
