"""Write the address that people type into a project's settings, for the sign-in: address.py CONFIG ADDRESS."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path


def set_address(config: Path, address: str) -> bool:
    """Set `sign_in.address`; return whether the file had to change. Whoever reads it meanwhile sees it whole."""
    settings = json.loads(config.read_text(encoding="utf-8"))
    sign_in = settings.setdefault("sign_in", {})
    if sign_in.get("address") == address:
        return False
    sign_in["address"] = address
    written = config.with_suffix(".new")
    written.write_text(json.dumps(settings, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    os.replace(written, config)
    return True


if __name__ == "__main__":
    set_address(Path(sys.argv[1]), sys.argv[2])
