"""Ask an address whether it is well: exit code 0 for an answer below 400, else 1. health.py ADDRESS"""

from __future__ import annotations

import sys
import urllib.error
import urllib.request


def is_well(address: str) -> bool:
    """Return whether the address answers within five seconds."""
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return bool(answer.status < 400)
    except (urllib.error.URLError, OSError):
        return False


if __name__ == "__main__":
    sys.exit(0 if is_well(sys.argv[1]) else 1)
