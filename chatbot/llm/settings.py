"""Read `configs/llm.yml`: which language model to ask, where, and how much it may take.

Refuses unknown keys, a key written into the file, and a key that would travel unencrypted. No message shows a line of
this file, for a secret may stand in it by mistake.
Layer: chatbot. Imports core.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from datatrust.core.errors import UserError
from datatrust.core.issues import Issue
from datatrust.core.settings import Project, pydantic_issues
from datatrust.core.yaml import load_yaml

LLM_FILE = Path("configs") / "llm.yml"
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{2,63}")


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Limits(_Section):
    """What one question may take, repairs included; `cost_a_day` is for one process."""

    seconds: float = Field(default=15, gt=0, le=120)
    tokens: int = Field(default=30_000, ge=500)
    reply_tokens: int = Field(default=1_000, ge=100)
    cost: float | None = Field(default=None, gt=0)
    cost_a_day: float | None = Field(default=None, gt=0)


class Prices(_Section):
    """What a million tokens cost, in the currency of the limits."""

    input: float = Field(ge=0)
    output: float = Field(ge=0)


class Embeddings(_Section):
    """A model that turns texts into vectors, at the same endpoint and with the same key."""

    model: str = Field(min_length=1)
    seconds: float = Field(default=5, gt=0, le=60)


class LlmConfig(_Section):
    """The file as it is written."""

    provider: Literal["openai"] = "openai"
    endpoint: str = "https://api.openai.com/v1"
    model: str = Field(min_length=1)
    key: str | None = None  # the name of an environment variable
    structured: Literal["json_schema", "function_calling", "json_mode"] = "json_schema"
    limits: Limits = Limits()
    prices: Prices | None = None
    embeddings: Embeddings | None = None


@dataclass(frozen=True, kw_only=True)
class LlmSettings:
    """The file with its key looked up."""

    config: LlmConfig
    secret: SecretStr | None = None

    @property
    def is_on(self) -> bool:
        """Whether a model may be asked: its key is set, or it wants none."""
        return self.config.key is None or self.secret is not None


def load_llm_settings(project: Project) -> LlmSettings | None:
    """Return the settings of a project's language model; None where it has no such file.

    Raises:
        UserError: what is wrong with the file, all at once.
    """
    path = project.root / LLM_FILE
    if not path.is_file():
        return None
    try:
        document = load_yaml(path, shown_as=str(LLM_FILE))
        config = LlmConfig.model_validate(document.data)
    except ValidationError as error:
        issues = pydantic_issues(error, document, LlmConfig)
        raise UserError.all([_without_line(each) for each in issues]) from None
    except UserError as error:
        raise UserError.all([_without_line(each) for each in error.issues]) from None
    issues = list(_check(config))
    if issues:
        raise UserError.all(issues)
    value = os.environ.get(config.key, "").strip() if config.key else ""
    return LlmSettings(config=config, secret=SecretStr(value) if value else None)


def _check(config: LlmConfig) -> Iterator[Issue]:
    if config.key is not None and not _VARIABLE.fullmatch(config.key):
        yield Issue(
            code="DT115",
            message=f"{LLM_FILE}: `key` must be the name of an environment variable, such as DATATRUST_LLM_KEY",
            hint="if a secret stood there, replace it: it has been in a file",
        )
    parts = urlsplit(config.endpoint)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.password:
        yield Issue(
            code="DT115",
            message=f"{LLM_FILE}: `endpoint` must be an address like https://host/v1, without a name or password in it",
        )
    elif parts.scheme == "http" and config.key is not None and not _is_loopback(parts.hostname):
        yield Issue(
            code="DT115",
            message=f"{LLM_FILE}: `endpoint` would send the key unencrypted",
            hint="use https, or leave `key` out where the endpoint wants none",
        )
    if config.prices is None and (config.limits.cost or config.limits.cost_a_day):
        yield Issue(
            code="DT115",
            message=f"{LLM_FILE}: a limit on cost needs `prices: {{input: …, output: …}}`, of a million tokens",
        )


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _without_line(issue: Issue) -> Issue:
    """Name the place in words: an issue with a position would show the line, and some say what was written."""
    where = f"{issue.at}: " if issue.at else ""
    return replace(issue, code="DT115", message=where + issue.message.partition(", not ")[0], at=None)
