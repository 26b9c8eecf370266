"""The closed form that a language model fills: its JSON Schema, narrowed to the ground, and the way to a query.

Whatever the endpoint promises, the reply is checked here again: a name outside the ground, a value that was not
told, an operator that does not fit, any other key is an Issue that goes back to the model. It has no place for SQL, for
a release, for a row limit or for prose.
Layer: chatbot. Pure.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from chatbot.planner.llm.ground import Ground, field_of
from datatrust.core.errors import UserError
from datatrust.core.issues import Issue, did_you_mean
from semantic.model import DimensionRef
from semantic.query import Compare, Filter, FilterOp, MetricQuery, Scalar, TimeRange, Top

FORM = "metric_query"
MAX_TOP = 1_000
MAX_DIGITS = 30  # before or after the point of a number
_EQUAL = ("=", "!=", "in", "not_in")
_ORDERED = ("=", "!=", ">", ">=", "<", "<=", "between")
_TEXT = ("contains", "not_contains", "starts_with")
_NULL = ("is_null", "not_null")
_CHANGES = ("difference", "percent")  # what a ranking by change goes by
_NUMBERS = {
    "is_null": 0,
    "not_null": 0,
    "between": 2,
    "in": None,
    "not_in": None,
}  # values that an operator takes


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Condition(_Part):
    field: str = Field(max_length=200)
    op: FilterOp
    values: list[str | int | float | bool] = Field(max_length=50)


class _Reply(_Part):
    """What the form holds."""

    understood: bool
    metrics: list[str] = Field(max_length=10)
    group_by: list[str] = Field(default=[], max_length=6)
    where: list[_Condition] = Field(default=[], max_length=12)
    having: list[_Condition] = Field(default=[], max_length=6)
    start: dt.date | None = None
    end: dt.date | None = None
    calendar: str | None = None
    compare: str | None = None
    share_of_total: bool = False
    running_total: bool = False
    top: int | None = Field(default=None, ge=1, le=MAX_TOP)
    top_per: str | None = None
    direction: Literal["highest", "lowest"] | None = None
    ranked_by: Literal["difference", "percent"] | None = None
    currency: str | None = Field(default=None, pattern="^[A-Z]{3}$")


def make_schema(ground: Ground) -> dict[str, Any]:
    """Return the JSON Schema of a reply: every key required, none beside them, names from the ground alone."""
    day = {"type": ["string", "null"], "description": "YYYY-MM-DD"}
    return {
        "title": FORM,
        "description": "One question about figures, as a query over governed metrics.",
        **_object(
            understood={"type": "boolean", "description": "false where these names cannot say the question"},
            metrics=_list(_enum(ground.metrics)),
            group_by=_list(_enum(ground.dimensions)),
            where=_list({"anyOf": list(_conditions(ground))}),
            having=_list(
                _object(field=_enum(ground.metrics), op=_enum(_ORDERED), values=_list({"type": "number"}))
            ),
            start=day,
            end={**day, "description": "YYYY-MM-DD, included"},
            calendar=_or_null(ground.calendars),
            compare=_or_null(ground.scenarios),
            share_of_total={"type": "boolean"},
            running_total={"type": "boolean"},
            top={"type": ["integer", "null"]},
            top_per=_or_null(ground.dimensions),
            direction=_or_null(("highest", "lowest")),
            ranked_by=_or_null(_CHANGES),
            currency={"type": ["string", "null"], "description": "ISO code to convert to, only where asked"},
        ),
    }


def _conditions(ground: Ground) -> Iterable[dict[str, Any]]:
    for name, values in ground.values.items():
        yield _object(field=_enum((name,)), op=_enum(_EQUAL), values=_list(_enum(values)))
    texts = [name for name, ref in ground.fields.items() if ref.dimension.type == "category"]
    others = [name for name in ground.fields if name not in texts]
    if texts:
        yield _object(field=_enum(texts), op=_enum((*_TEXT, *_NULL)), values=_list({"type": "string"}))
    if others:
        operators = (*_ORDERED, "in", "not_in", *_TEXT, *_NULL)
        yield _object(field=_enum(others), op=_enum(operators), values=_list({"type": "string"}))


def _object(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _enum(names: Iterable[str]) -> dict[str, Any]:
    return {"type": "string", "enum": list(names)}


def _or_null(names: Iterable[str]) -> dict[str, Any]:
    return {"type": ["string", "null"], "enum": [*names, None]}


def read_reply(data: Mapping[str, Any], ground: Ground) -> MetricQuery | None:
    """Return the query of a reply; None where the model says that it did not understand.

    Raises:
        UserError: what is wrong with it, all at once, worded for the model.
    """
    try:
        reply = _Reply.model_validate(dict(data))
    except ValidationError as error:
        raise UserError.all(
            [_issue(f"{'.'.join(str(p) for p in e['loc'])}: {e['msg']}") for e in error.errors()[:10]]
        ) from None
    if not reply.understood:
        return None
    return _Reading(reply, ground).query()


class _Reading:
    """One reply on its way to a query; gathers what is wrong."""

    def __init__(self, reply: _Reply, ground: Ground) -> None:
        self.reply, self.ground = reply, ground
        self.issues: list[Issue] = []

    def query(self) -> MetricQuery:
        reply, ground = self.reply, self.ground
        if not reply.metrics:
            self.issues.append(_issue("metrics: name at least one, or say understood: false"))
        self._known("metrics", reply.metrics, ground.metrics)
        self._known("group_by", reply.group_by, ground.dimensions)
        self._known("top_per", [reply.top_per] if reply.top_per else [], ground.dimensions)
        self._known("compare", [reply.compare] if reply.compare else [], ground.scenarios)
        self._known("calendar", [reply.calendar] if reply.calendar else [], ground.calendars)
        where = tuple(self._where(each) for each in reply.where)
        having = tuple(self._having(each) for each in reply.having)
        if reply.start and reply.end and reply.start > reply.end:
            self.issues.append(_issue("start: it is after end"))
        if reply.top is not None and reply.direction is None:
            self.issues.append(_issue("direction: say highest or lowest with top"))
        if reply.ranked_by is not None and (reply.compare is None or reply.direction is None):
            self.issues.append(_issue("ranked_by: a change needs compare and direction"))
        if reply.top is not None and not reply.group_by:
            self.issues.append(_issue("top: it needs a group_by to rank"))
        if self.issues:
            raise UserError.all(self.issues)
        metrics = tuple(dict.fromkeys([*reply.metrics, *(each.field for each in having)]))
        per = (reply.top_per,) if reply.top_per and reply.top_per not in reply.group_by else ()
        measure = f"__{reply.ranked_by}" if reply.ranked_by else ""
        ranked = f"{'-' if reply.direction == 'highest' else ''}{metrics[0]}{measure}"
        dated = reply.start or reply.end or reply.calendar
        return MetricQuery(
            metrics=metrics,
            group_by=(*dict.fromkeys(reply.group_by), *per),
            where=where,
            having=having,
            time=TimeRange(start=reply.start, end=reply.end, calendar=reply.calendar) if dated else None,
            compare=Compare(to=reply.compare) if reply.compare else None,
            share_of="total" if reply.share_of_total else None,
            running=reply.running_total,
            top=Top(n=reply.top, per=reply.top_per) if reply.top is not None else None,
            order_by=(ranked,) if reply.direction is not None and reply.group_by else (),
            currency=reply.currency,
        )

    def _known(self, key: str, names: Sequence[str], known: Sequence[str]) -> None:
        for name in names:
            if name not in known:
                nearest = did_you_mean(name[:200], known)
                self.issues.append(
                    _issue(
                        f"{key}: a name that is not in the list"
                        + (f"; nearest: {nearest}" if nearest else "")
                    )
                )

    def _where(self, condition: _Condition) -> Filter:
        ref = field_of(self.ground, condition.field)
        if ref is None or condition.field not in self.ground.fields:
            self._known("where", [condition.field], tuple(self.ground.fields))
            return Filter(field=condition.field, op=condition.op)
        at = f"where {condition.field}"
        self._count(at, condition)
        kind = ref.dimension.type
        if kind == "category" and condition.op in _EQUAL:
            told = self.ground.values.get(condition.field, ())
            if any(str(value) not in told for value in condition.values):
                self.issues.append(_issue(f"{at}: a value that is not in the list"))
        elif kind == "category" and condition.op not in (*_TEXT, *_NULL):
            self.issues.append(_issue(f"{at}: {condition.op} does not fit a text"))
        values = tuple(self._typed(at, value, ref) for value in condition.values)
        op: FilterOp = condition.op
        if op in ("in", "not_in") and len(values) == 1:
            op = "=" if op == "in" else "!="
        return Filter(field=condition.field, op=op, values=values)

    def _having(self, condition: _Condition) -> Filter:
        at = f"having {condition.field[:80]}"
        self._known("having", [condition.field], self.ground.metrics)
        self._count(at, condition)
        if condition.op not in _ORDERED:
            self.issues.append(_issue(f"{at}: {condition.op} does not fit a number"))
        values = tuple(self._number(at, value) for value in condition.values)
        return Filter(field=condition.field, op=condition.op, values=values)

    def _count(self, at: str, condition: _Condition) -> None:
        wanted = _NUMBERS.get(condition.op, 1)
        given = len(condition.values)
        if given != wanted if wanted is not None else given == 0:
            self.issues.append(_issue(f"{at}: {condition.op} does not take {given} values"))

    def _typed(self, at: str, value: str | int | float | bool, ref: DimensionRef) -> Scalar:
        kind = ref.dimension.type
        if kind == "number":
            return self._number(at, value)
        if kind == "flag":
            if str(value).lower() not in ("true", "false"):
                self.issues.append(_issue(f"{at}: true or false"))
            return str(value).lower() == "true"
        if kind == "time":
            try:
                return dt.date.fromisoformat(str(value))
            except ValueError:
                self.issues.append(_issue(f"{at}: a date as YYYY-MM-DD"))
                return None
        return str(value)

    def _number(self, at: str, value: str | int | float | bool) -> Decimal:
        try:
            number = Decimal(str(value))
        except InvalidOperation:
            number = Decimal("NaN")
        if isinstance(value, bool) or not number.is_finite() or abs(number.adjusted()) > MAX_DIGITS:
            self.issues.append(_issue(f"{at}: a number"))
            return Decimal(0)
        return number


def _issue(message: str) -> Issue:
    return Issue(code="DT320", message=message)
