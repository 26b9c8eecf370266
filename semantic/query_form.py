"""Read a metric query from JSON: what REST, MCP and the answer log carry, as data that has not been checked yet.

Refuses unknown keys, wrong types and sizes, every one at once. Names are checked later, by the resolver.
Layer: semantic. Imports the query's types; pure.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, StringConstraints, ValidationError

from datatrust.core.errors import UserError
from datatrust.core.issues import Issue, did_you_mean
from semantic.query import Compare, Filter, FilterOp, Fold, MetricQuery, Scalar, TimeRange, Top

MOST = 100  # names, conditions and groups of one query
MOST_VALUES = 1_000  # of one condition
_Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
_Text = Annotated[str, StringConstraints(max_length=1_000)]
_Value = StrictBool | StrictInt | Decimal | _Text | None
_Values = Annotated[tuple[_Value, ...], Field(max_length=MOST_VALUES)]
_Rows = Annotated[int, Field(ge=1, le=1_000_000)]


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class FilterForm(_Form):
    """One condition: a field of the catalog, an operator, its values."""

    field: _Name
    op: FilterOp
    values: _Values = ()

    def to_filter(self) -> Filter:
        values: tuple[Scalar, ...] = self.values
        return Filter(field=self.field, op=self.op, values=values)


class TimeForm(_Form):
    """Days from `start` to `end`, both included; null is open."""

    start: dt.date | None = None
    end: dt.date | None = None
    dimension: _Name | None = None
    calendar: _Name | None = None


class CompareForm(_Form):
    """What stands beside each value: previous_period, previous_year, budget, constant_currency, as_reported."""

    to: _Name
    like_for_like: bool = True


class TopForm(_Form):
    """The first rows, overall or of each member of `per`."""

    n: _Rows
    per: _Name | None = None
    others: bool = False


class FoldForm(_Form):
    """One number of the members of a group: "mean" or "count"."""

    how: str = Field(pattern="^(mean|count)$")
    key: _Name


_Filters = Annotated[tuple[FilterForm, ...], Field(max_length=MOST)]
_Names = Annotated[tuple[_Name, ...], Field(max_length=MOST)]


class QueryForm(_Form):
    """A metric query: metrics of the catalog, split, limited and compared as its fields say."""

    metrics: _Names = Field(min_length=1)
    group_by: _Names = ()
    where: _Filters = ()
    either: Annotated[tuple[_Filters, ...], Field(max_length=MOST)] = ()
    having: _Filters = ()
    time: TimeForm | None = None
    compare: CompareForm | None = None
    share_of: _Name | None = None
    running: bool = False
    contributions: bool = False
    bridge: bool = False
    totals: bool = False
    fold: FoldForm | None = None
    place: FilterForm | None = None
    top: TopForm | None = None
    order_by: _Names = ()
    limit: _Rows | None = None
    currency: _Name | None = None
    rates_on: dt.date | None = None
    as_of: _Name | None = None

    def to_query(self) -> MetricQuery:
        """Return it in the semantic layer's own type."""
        plain = {
            name: getattr(self, name)
            for name in (
                "metrics", "group_by", "share_of", "running", "contributions", "bridge", "totals", "order_by", "limit",
                "currency", "rates_on", "as_of",
            )
        }  # fmt: skip
        return MetricQuery(
            **plain,
            where=tuple(each.to_filter() for each in self.where),
            either=tuple(tuple(each.to_filter() for each in group) for group in self.either),
            having=tuple(each.to_filter() for each in self.having),
            time=TimeRange(**self.time.model_dump()) if self.time else None,
            compare=Compare(**self.compare.model_dump()) if self.compare else None,
            fold=Fold(**self.fold.model_dump()) if self.fold else None,
            place=self.place.to_filter() if self.place else None,
            top=Top(**self.top.model_dump()) if self.top else None,
        )


def parse_query(document: Mapping[str, Any]) -> MetricQuery:
    """Return the query that a JSON object holds.

    Raises:
        UserError: an unknown key, a wrong type, too many of something; all at once.
    """
    try:
        return QueryForm.model_validate(document).to_query()
    except ValidationError as error:
        raise UserError.all(form_issues(error)) from None


def form_issues(error: ValidationError, *, known: Sequence[str] = ()) -> list[Issue]:
    """Return what is wrong with a form, in words, without the values that were sent."""
    issues = []
    for found in error.errors(include_url=False, include_context=False, include_input=False):
        where = ".".join(str(part)[:40] for part in found["loc"] if not _is_type(part)) or "query"
        unknown = found["type"] == "extra_forbidden"
        message = "unknown key" if unknown else found["msg"].lower().replace("input should be", "must be")
        issues.append(
            Issue(
                code="DT310",
                message=f"{where[:120]}: {message}",
                suggestion=did_you_mean(where, known or list(QueryForm.model_fields)) if unknown else None,
            )
        )
    return list({(each.message): each for each in issues}.values())[:20]


def _is_type(part: object) -> bool:
    """Pydantic puts the tried member of a union into the path; it is no key."""
    return isinstance(part, str) and (part in ("bool", "int", "decimal") or "[" in part)
