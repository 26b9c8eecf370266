"""Run the benchmarks and print ratios against a baseline run beside them: `make bench [ONLY=name]`.

Each module of this folder with a function `run() -> list[dict]` is a benchmark; its rows are
{"case", "ours", "baseline", "ratio", "unit", "peak_mb"} and go to `bench/results/<name>.json` as well.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

from datatrust.core.jsonio import dumps

HERE = Path(__file__).parent


def main(only: str | None) -> int:
    """Run one benchmark, or all; return the exit code."""
    names = sorted(p.stem for p in HERE.glob("*.py") if p.stem != "run")
    if only and only not in names:
        print(f"no benchmark {only!r}; there are: {', '.join(names)}", file=sys.stderr)
        return 2
    for name in [only] if only else names:
        rows = load(name).run()
        results = HERE / "results"
        results.mkdir(exist_ok=True)
        (results / f"{name}.json").write_text(dumps(rows, indent=1) + "\n")
        show(name, rows)
    return 0


def load(name: str) -> Any:
    """Import the benchmark module `name` from this folder."""
    spec = importlib.util.spec_from_file_location(f"bench_{name}", HERE / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def show(name: str, rows: list[dict[str, Any]]) -> None:
    """Print the rows as a table."""
    print(f"\n{name}")
    width = max(len(row["case"]) for row in rows)
    print(f"{'case':{width}}  {'ours':>10}  {'baseline':>10}  {'ratio':>7}  unit  peak MB")
    for row in rows:
        ours, base, ratio = (
            f"{row[k]:.2f}" if row[k] is not None else "-" for k in ("ours", "baseline", "ratio")
        )
        peak = f"{row['peak_mb']:.0f}" if row.get("peak_mb") else "-"
        print(f"{row['case']:{width}}  {ours:>10}  {base:>10}  {ratio:>7}  {row['unit']:4}  {peak:>7}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else None))
