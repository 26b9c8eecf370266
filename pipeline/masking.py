"""Mask personal data before it leaves the restricted zone: keyed tokens, fixed words, years, prefixes.

The key comes from an environment variable or from a local file that is made at first use (mode 0600 in a folder
of mode 0700). It is never logged and never part of a file of the project. Tokens are HMAC-SHA256 built from
Spark's own functions, so that no row passes through Python.
Layer: pipeline. Imports core and contracts.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from datatrust.core.errors import UserError
from datatrust.core.issues import Issue
from datatrust.core.masking import REDACTED, MaskAction, MaskingPolicy, load_masking_policy
from datatrust.core.settings import Project
from pipeline.contracts.model import ColumnSpec, SourceSpec

if TYPE_CHECKING:
    from pyspark.sql import Column

KEY_FILE = "masking.key"
_KEY_BYTES = 32
_BLOCK = 64  # of SHA-256, by RFC 2104


@dataclass(frozen=True, kw_only=True)
class Masker:
    """The policy with its key. `key` never shows in a repr."""

    policy: MaskingPolicy
    key: bytes = field(repr=False)

    @property
    def key_id(self) -> str:
        """Return eight hex digits that name the key and tell nothing of it."""
        return hmac.new(self.key, b"key id", hashlib.sha256).hexdigest()[:8]

    def action(self, column: ColumnSpec) -> MaskAction | None:
        return self.policy.classes[column.pii_class] if column.pii_class is not None else None

    def silver_type(self, column: ColumnSpec) -> str | None:
        """Return the type of a column in silver as Spark writes it; None where masking drops the column."""
        action = self.action(column)
        if action is None:
            return column.type.spark
        if action.action == "drop":
            return None
        return "int" if action.to == "year" else "string"

    def masked(self, column: ColumnSpec, value: Column) -> Column | None:
        """Return a typed value as silver has it; None where masking drops the column."""
        from pyspark.sql import functions as F  # noqa: N812

        action = self.action(column)
        if action is None:
            return value
        if action.action == "drop":
            return None
        text = value.cast("string")
        if action.action == "redact":
            return F.when(value.isNotNull(), F.lit(REDACTED))
        if action.action == "token":
            return self.token(_normalised(text, action.normalise), column.pii_class or "")
        if action.to == "year":
            digits = F.regexp_extract(text, "^([0-9]{4})-", 1)
            return digits.try_cast("int")
        return F.substring(text, 1, action.keep or 1)

    def token(self, text: Column, domain: str) -> Column:
        """Return the token of a text: equal for equal texts of one PII class, null for null."""
        from pyspark.sql import functions as F  # noqa: N812

        digest = self.digest(F.concat(F.lit(f"{domain}\x1f"), text))
        return F.concat(F.lit(f"tok_{self.key_id}_"), digest)

    def digest(self, text: Column) -> Column:
        """Return HMAC-SHA256 of a text in hex, as RFC 2104 defines it."""
        from pyspark.sql import functions as F  # noqa: N812

        padded = (hashlib.sha256(self.key).digest() if len(self.key) > _BLOCK else self.key).ljust(
            _BLOCK, b"\0"
        )
        inner = F.lit(bytes(byte ^ 0x36 for byte in padded))
        outer = F.lit(bytes(byte ^ 0x5C for byte in padded))
        first = F.unhex(F.sha2(F.concat(inner, text.cast("binary")), 256))
        return F.sha2(F.concat(outer, first), 256)


def open_masker(project: Project, specs: tuple[SourceSpec, ...] = ()) -> Masker:
    """Return the project's masker; the local key is made where none is set and a column needs one.

    Raises:
        UserError: the policy or the key cannot be read, or the key is too short.
    """
    policy = load_masking_policy(project)
    if not any(spec.pii_columns for spec in specs):
        return Masker(policy=policy, key=b"")
    return Masker(policy=policy, key=_load_key(project, policy))


def _load_key(project: Project, policy: MaskingPolicy) -> bytes:
    given = os.environ.get(policy.key_variable)
    if given is not None:
        key = given.strip().encode()
        if len(key) < _KEY_BYTES:
            raise UserError(
                Issue(
                    code="DT483",
                    message=f"the key in {policy.key_variable} has fewer than {_KEY_BYTES} characters",
                    hint="make one: openssl rand -hex 32",
                )
            )
        return key
    path = project.secrets / KEY_FILE
    if not path.exists():
        _make_key(path)
    try:
        key = path.read_bytes().strip()
    except OSError as error:
        raise UserError(
            Issue(code="DT483", message=f"{project.shown(path)} cannot be read: {error.strerror}")
        ) from None
    if len(key) < _KEY_BYTES:
        raise UserError(
            Issue(
                code="DT483",
                message=f"{project.shown(path)} is no key: it has fewer than {_KEY_BYTES} characters",
                hint="bring the key back; with another key the tokens of old and new rows would not be equal",
            )
        )
    return key


def _make_key(path: Path) -> None:
    """Write a new random key, whole or not at all, readable by its owner only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    os.chmod(path.parent, 0o700)
    fresh = path.with_suffix(f".{os.getpid()}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(secrets.token_hex(_KEY_BYTES).encode())
        try:
            os.link(fresh, path)
        except FileExistsError:
            return  # another run was quicker; its key counts
    finally:
        os.unlink(fresh)


def _normalised(text: Column, how: str) -> Column:
    from pyspark.sql import functions as F  # noqa: N812

    if how == "lower":
        return F.lower(text)
    if how == "upper":
        return F.upper(text)
    if how == "letters_digits":
        return F.upper(F.regexp_replace(text, "[^0-9A-Za-z]", ""))
    return text
