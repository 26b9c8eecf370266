"""What programs may send: the bodies of REST and the arguments of MCP's tools, one form for both.

Layer: chatbot. Data only.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

MAX_QUESTION = 20_000  # characters that a program may send; the planner has its own, smaller limit
MAX_HISTORY = 50


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid")


class AskBody(_Form):
    """One question; `today` is the day that relative dates count from, `history` the questions before, oldest first."""

    question: str = Field(max_length=MAX_QUESTION)
    today: dt.date | None = None
    history: list[Annotated[str, Field(max_length=MAX_QUESTION)]] = Field(
        default_factory=list, max_length=MAX_HISTORY
    )


class SignBody(_Form):
    """What is signed and why; without `signer` it is the user whom the server runs as."""

    comment: str = Field(max_length=500)
    signer: str | None = Field(default=None, max_length=100)


class DescribeBody(_Form):
    """One metric, model or dimension by name; without a name, all of them."""

    name: str | None = Field(default=None, max_length=200)


class NoBody(_Form):
    """Nothing."""
