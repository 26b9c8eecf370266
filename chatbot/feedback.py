"""Keep what askers say of answers: each as a case that `datatrust eval` can ask again, in `feedback.jsonl` of the state folder.

A case holds the question and the ones before it, the asker's verdict and reason, with personal data masked, the day, and
how it was read; no number of the answer and no row. Somebody adds what is right (`accepted` or `expect`); until then it is asked and not judged.
Layer: chatbot. Appends to one file.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from chatbot.personal import mask_personal
from datatrust.core.settings import Project

FILE = "feedback.jsonl"
MAX_BYTES = 10_000_000  # a file that nobody reads takes no more
_MAX_TEXT = 2_000
MAX_REASON = 500
Verdict = Literal["right", "wrong"]
_writing = threading.Lock()


def keep_feedback(
    project: Project,
    document: Mapping[str, Any],
    history: Sequence[str],
    *,
    verdict: Verdict,
    why: str = "",
    today: dt.date,
) -> Path:
    """Append an answer that was called right or wrong as a case; return the file.

    Args:
        document: the answer as JSON.
        history: the questions before it, oldest first.
        verdict: what the asker says of it.
        why: the asker's reason, as typed.

    Raises:
        OSError: it cannot be written, or it is full.
    """
    evidence = document.get("evidence") or {}
    case = {
        "id": f"feedback-{document['id']}",
        "family": "feedback",
        "question": mask_personal(str(document["question"]))[:_MAX_TEXT],
        "history": [mask_personal(text)[:_MAX_TEXT] for text in history],
        "today": today.isoformat(),
        "noted": {
            "at": dt.datetime.now(tz=dt.UTC).isoformat(timespec="seconds"),
            "verdict": verdict,
            "why": mask_personal(" ".join(why.split()))[:MAX_REASON],
            "status": document["status"],
            "reason": document.get("reason"),
            "read_as": mask_personal(str(document.get("interpretation") or ""))[:_MAX_TEXT],
            "release": evidence.get("release"),
            "second_reader": evidence.get("second_reader"),
        },
    }
    line = json.dumps(case, ensure_ascii=False).encode("utf-8") + b"\n"
    file = project.state / FILE
    with _writing:
        file.parent.mkdir(parents=True, exist_ok=True)
        if file.exists() and file.stat().st_size + len(line) > MAX_BYTES:
            raise OSError(f"{FILE} is full")
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(handle, line)
        finally:
            os.close(handle)
    return file
