"""Mask personal data before it leaves the restricted zone: keyed tokens, fixed words, years, prefixes, groups.

Tokens are HMAC-SHA256 built from Spark's own functions, so that no row passes through Python. The key is never
logged and never part of a file of the project (see keyring).
Layer: pipeline. Imports core, contracts and keyring.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from datatrust.core.masking import REDACTED, MaskAction, MaskingPolicy, load_masking_policy
from datatrust.core.settings import Project
from pipeline.contracts.model import ColumnSpec, SourceSpec
from pipeline.keyring import key_id, open_key

if TYPE_CHECKING:
    from pyspark.sql import Column

_BLOCK = 64  # of SHA-256, by RFC 2104


@dataclass(frozen=True, kw_only=True)
class Masker:
    """The policy with its key. `key` never shows in a repr."""

    policy: MaskingPolicy
    key: bytes = field(repr=False)

    @property
    def key_id(self) -> str:
        """Return the id that tokens of this key carry; none without a key."""
        return key_id(self.key) if self.key else ""

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
        return _GENERALISED[action.to or ""](text, action)

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
    return Masker(policy=policy, key=open_key(project, policy).secret)


def _year(text: Column, action: MaskAction) -> Column:
    from pyspark.sql import functions as F  # noqa: N812

    return F.regexp_extract(text, _YEAR, 1).try_cast("int")


def _prefix(text: Column, action: MaskAction) -> Column:
    from pyspark.sql import functions as F  # noqa: N812

    return F.substring(text, 1, action.keep or 1)


def _band(text: Column, action: MaskAction) -> Column:
    """Return "1980-1989" of a date or "30-39" of a number; null where it is neither."""
    from pyspark.sql import functions as F  # noqa: N812

    width = action.width or 1
    number = F.coalesce(_year(text, action).cast("decimal(38,6)"), text.try_cast("decimal(38,6)"))
    low = (F.floor(number / width) * width).cast("bigint")
    return F.concat(low.cast("string"), F.lit("-"), (low + width - 1).cast("string"))


def _group(text: Column, action: MaskAction) -> Column:
    """Return the group that names the value, written in any case; null for null."""
    from pyspark.sql import functions as F  # noqa: N812

    pairs = [
        F.lit(word) for name, values in action.groups.items() for v in values for word in (_folded(v), name)
    ]
    named = F.try_element_at(F.create_map(*pairs), F.lower(F.trim(text)))
    return F.when(text.isNotNull(), F.coalesce(named, F.lit(action.otherwise)))


def _folded(value: str) -> str:
    return value.strip().lower()


_YEAR = "^([0-9]{4})-[0-9]{2}-[0-9]{2}"
_GENERALISED: Mapping[str, Callable[[Column, MaskAction], Column]] = {
    "year": _year,
    "prefix": _prefix,
    "band": _band,
    "group": _group,
}


def _normalised(text: Column, how: str) -> Column:
    from pyspark.sql import functions as F  # noqa: N812

    if how == "lower":
        return F.lower(text)
    if how == "upper":
        return F.upper(text)
    if how == "letters_digits":
        return F.upper(F.regexp_replace(text, "[^0-9A-Za-z]", ""))
    return text
