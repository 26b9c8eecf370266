"""Take outputs and counters out of notebooks, so that git keeps their source alone: clean_notebooks.py FILE ...

Exit code 1 where a file was changed, so that a commit can be made again with what is left.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path


def clean(file: Path) -> bool:
    """Clean one notebook; return whether it changed."""
    text = file.read_text(encoding="utf-8")
    notebook = json.loads(text)
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell |= {"outputs": [], "execution_count": None}
        cell["metadata"] = {}
    cleaned = json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
    if cleaned != text:
        file.write_text(cleaned, encoding="utf-8")
    return cleaned != text


if __name__ == "__main__":
    sys.exit(1 if [name for name in sys.argv[1:] if clean(Path(name))] else 0)
