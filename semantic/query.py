"""What is asked of the semantic layer, in catalog words: the one closed plan language of CLI, REST, MCP and planners.

Nothing here has been checked against a catalog; the resolver does that.
Layer: semantic. Imports core only.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Literal

from datatrust.core.jsonio import dumps

Scalar = str | int | Decimal | bool | dt.date | None

FilterOp = Literal[
    "=", "!=", "in", "not_in", ">", ">=", "<", "<=", "between",
    "contains", "not_contains", "starts_with", "is_null", "not_null",
]  # fmt: skip

CompareTo = Literal["previous_period", "previous_year", "budget", "constant_currency", "as_reported"]


@dataclass(frozen=True, kw_only=True)
class Filter:
    """One condition on a dimension (`where`) or on a metric of the query (`having`). Conditions are joined by and."""

    field: str
    op: FilterOp
    values: tuple[Scalar, ...] = ()


@dataclass(frozen=True, kw_only=True)
class TimeRange:
    """Days from `start` to `end`, both included; None is open. `dimension` None is each metric's own time."""

    start: dt.date | None = None
    end: dt.date | None = None
    dimension: str | None = None
    calendar: str | None = None  # how grains and fiscal periods are read; None is the catalog's default


@dataclass(frozen=True, kw_only=True)
class Compare:
    """Set a base value beside each value: the period before, the year before, or a scenario such as budget."""

    to: str  # CompareTo, or a scenario name in a metric's `plan`
    like_for_like: bool = True  # cut the base at the same day where the asked period is not complete


@dataclass(frozen=True, kw_only=True)
class Top:
    """The first `n` rows by `order_by`, overall or for each member of the `per` dimension."""

    n: int
    per: str | None = None
    others: bool = False


@dataclass(frozen=True, kw_only=True)
class Fold:
    """Make one number of the members of a group: the mean of their values, or how many members there are.

    The mean is over every period of the range, one without rows counts as zero; `having` chooses what is counted.
    """

    how: Literal["mean", "count"]
    key: str  # of `group_by`


@dataclass(frozen=True, kw_only=True)
class MetricQuery:
    """A question as data.

    `group_by` names dimensions as the catalog does: "region", "customers.region", "ship_to.region",
    "order_date.month", or "time.month" for each metric's own time. Grains: day, week, month, quarter, year,
    fiscal_quarter and fiscal_year follow the calendar of `time.calendar`.
    """

    metrics: tuple[str, ...]
    group_by: tuple[str, ...] = ()
    where: tuple[Filter, ...] = ()
    either: tuple[tuple[Filter, ...], ...] = ()  # of each tuple at least one condition holds
    having: tuple[Filter, ...] = ()
    time: TimeRange | None = None
    compare: Compare | None = None
    share_of: str | None = None
    running: bool = False
    contributions: bool = False  # with compare: how much each row's change is of the whole's base
    bridge: bool = False  # with compare: each row's change as price, volume, mix and members
    totals: bool = False
    fold: Fold | None = None
    place: Filter | None = None  # only this member of a group, with its place among all by `order_by`
    top: Top | None = None
    order_by: tuple[str, ...] = ()  # "-revenue" is descending
    limit: int | None = None  # rows, after ordering
    currency: str | None = None
    rates_on: dt.date | None = None  # convert at the rates of this day's period, not at each row's own
    as_of: str | None = None


@dataclass(frozen=True, kw_only=True)
class Access:
    """What a viewer may see, worked out from an access policy: everything in it narrows, nothing widens.

    `metrics` and `dimensions` hold the patterns of each role; a name must be allowed by all of them.
    """

    metrics: tuple[tuple[str, ...], ...] = ()
    dimensions: tuple[tuple[str, ...], ...] = ()
    hidden: tuple[str, ...] = ()  # patterns over "model.dimension"
    rows: tuple[str, ...] = ()  # conditions over "model.dimension" that every row must meet
    masks: tuple[tuple[str, str], ...] = ()  # "model.dimension" -> the word shown for each of its values
    min_groups: tuple[
        tuple[int, str | None], ...
    ] = ()  # how many rows, or members of a dimension, behind a figure

    @cached_property
    def hash(self) -> str:
        """Return the sha256 of what is allowed; roles that allow the same have the same."""
        text = dumps(asdict(self), sort_keys=True)
        return "sha256:" + hashlib.sha256(text.encode()).hexdigest()

    @property
    def sees_everything(self) -> bool:
        """Whether nothing is kept from this viewer."""
        open_lists = all("*" in patterns for patterns in (*self.metrics, *self.dimensions))
        return open_lists and not (self.hidden or self.rows or self.masks or self.min_groups)


@dataclass(frozen=True, kw_only=True)
class Viewer:
    """Who asks. Every call that reaches data or definitions carries one.

    `access` None is a project without an access policy: everyone may see all of gold. What a viewer may see hangs on
    `policy` alone, the hash of `access`: everything that is kept for later is kept under it.
    """

    role: str | None = None
    user: str | None = None
    policy: str = "none"
    access: Access | None = field(default=None, compare=False, repr=False)


EVERYONE = Viewer()
_ALL = Access(metrics=(("*",),), dimensions=(("*",),))
OWNER = Viewer(policy=_ALL.hash, access=_ALL)  # the project itself, at its own work: never somebody who asks
