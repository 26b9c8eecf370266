"""Read one metric entry of a catalog file: which kind it is, and its fields in any of their shapes.

Layer: semantic. Knows the YAML forms of metrics, not what their names refer to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, cast

from sqlglot import exp

from datatrust.core.errors import UserError
from semantic.expressions import parse_expression
from semantic.fields import Fields
from semantic.model import (
    Aggregation,
    BalanceRule,
    BridgeRule,
    Example,
    Identity,
    LifecycleRule,
    MemberRule,
    Metric,
    MetricInput,
)

AGGREGATIONS: tuple[str, ...] = (
    "sum", "count", "count_distinct", "average", "min", "max", "median", "percentile", "percentile_disc",
)  # fmt: skip
AGG_ALIASES = {
    "avg": "average", "mean": "average", "distinct": "count_distinct", "countd": "count_distinct",
    "distinct_count": "count_distinct", "percentile_discrete": "percentile_disc", "minimum": "min", "maximum": "max", "total": "sum",
}  # fmt: skip
PERCENTILES = ("percentile", "percentile_disc")
TAKES = ("first", "last", "average", "min", "max")
TAKE_ALIASES = {"avg": "average", "minimum": "min", "maximum": "max", "closing": "last", "opening": "first"}
TO_DATE = ("week", "month", "quarter", "year", "fiscal_month", "fiscal_quarter", "fiscal_year")
AMONG = ("all", "filtered")
CUMULATIVE_TAKES = ("first", "last", "average", "first_day")
MEMBER_DAYS = ("period", "all")
STATES = ("new", "active", "returning", "lost")
UNTIL_ALIASES = {"inclusive": "included", "exclusive": "excluded"}
RATES = ("average", "closing", "transaction", "none")
_UNIT_ALIASES = {"money": "currency", "percentage": "percent", "number": "count", "%": "percent"}
_DEFAULTED = ("owner", "unit", "currency", "better", "on_zero", "decimals")

Made = dict[str, Any]


def read_metric(body: Fields, defaults: Mapping[str, Any]) -> Metric | None:
    """Return the metric of one entry, as far as it can be read; its faults go to the file's issues.

    Args:
        body: the entry.
        defaults: fields that its file or model gives to every metric.
    """
    given = {key: defaults[key] for key in _DEFAULTED if defaults.get(key) is not None}
    body.data = {**given, **body.data}
    name = body.text("name", required=True)
    made: Made = {
        "name": name or "",
        "label": body.text("label") or (name or "").replace("_", " ").strip().capitalize(),
        "description": " ".join((body.text("description") or "").split()),
        "synonyms": body.texts("synonyms"),
        "owner": body.text("owner"),
        "tags": body.texts("tags"),
        "unit": _read_unit(body),
        "better": body.choice("better", ("higher", "lower"), aliases={"up": "higher", "down": "lower"}),
        "decimals": _read_decimals(body),
        "on_zero": body.choice("on_zero", ("undefined", "zero"), aliases={"null": "undefined", "0": "zero"}),
        "time": body.text("time"),
        "plan": _read_plan(body),
        "bridge": _read_bridge(body),
        "examples": _read_examples(body),
        "deprecated": _read_deprecated(body),
        "fill": _read_fill(body),
        "every_period": body.flag("every_period"),
        "position": body.at("name") if "name" in body.data else body.position,
        "positions": body.positions(),
    }
    made |= _read_currency(body, made)
    made |= _read_certified(body)
    kinds = [kind for kind in _KINDS if body.has(kind)]
    for extra in kinds[1:]:
        body.report(f'has both "{kinds[0]}" and "{extra}"; a metric is of one kind', extra, code="DT203")
    made["kind"] = kinds[0] if kinds else "aggregate"
    made |= (_KINDS[kinds[0]] if kinds else _read_aggregate)(body, made)
    if made.get("model") is None and made["kind"] in ("aggregate", "balance"):
        made["model"] = body.text("model") or defaults.get("model")
        made["time"] = made["time"] or defaults.get("time")
        if made["model"] is None:
            body.report('"model" is missing: the model whose rows it counts', code="DT202")
    _refuse_row_fields(body, made["kind"])
    body.finish()
    return Metric(**made) if name else None


def _refuse_row_fields(body: Fields, kind: str) -> None:
    """What speaks of rows has no place in a metric that is made of metrics, and must not be dropped silently."""
    if body.has("inputs") and kind != "derived":
        body.report('"inputs" are what a formula names: they go with `derived`', "inputs", code="DT203")
    if body.has("members") and kind != "aggregate":
        message = '"members" chooses rows of an aggregate; one of kind "' + kind + '" has none of its own'
        body.report(message, "members", code="DT203", hint="put it into the metric that counts rows")
    if kind not in ("aggregate", "balance", "cumulative"):
        for name in ("fill", "every_period"):
            if body.has(name):
                message = f'"{name}" is for metrics over rows and cumulative ones; this is of kind "{kind}"'
                body.report(message, name, code="DT203", hint="put it into the metrics that it is made of")
    if kind in ("aggregate", "balance"):
        return
    for name in ("model", "agg", "expr", "where", "percentile"):
        if body.has(name):
            message = f'"{name}" is for metrics over rows; one of kind "{kind}" is made of metrics'
            hint = "put the condition into metrics of their own and use those" if name == "where" else None
            body.report(message, name, code="DT203", hint=hint)


# ----------------------------------------------------------------------------------------------------------- kinds


def _read_aggregate(body: Fields, made: Made) -> Made:
    found = _aggregation(body)
    nested = body.mapping("members", f"{body.what}, members")
    if nested is None:
        return found
    of, where = nested.text("of", required=True), joined(nested.texts("where"))
    at = nested.at("where")
    over = nested.choice("over", MEMBER_DAYS)
    nested.finish()
    if where is None:
        nested.report('"where" is missing: a condition over metrics such as revenue >= 10000', code="DT202")
    if of is None or where is None:
        return found
    positions = {**body.positions(), **found.get("positions", {}), "of": nested.at("of"), "members": at}
    rule = MemberRule(of=of, where=where, over=cast(Any, over or "period"))
    found |= {"members": rule, "positions": positions}
    try:
        return {**found, "inputs": parse_expression(where, at=at).columns}
    except UserError as error:
        body.file.issues.extend(error.issues)
        return found


def _read_ratio(body: Fields, made: Made) -> Made:
    value = body.raw("ratio")
    if isinstance(value, str):
        value = [part.strip() for part in value.split("/")]
    if isinstance(value, list):
        parts = [str(part) for part in value]
        if len(parts) != 2 or not all(parts):
            body.report('"ratio" is a numerator and a denominator', "ratio", code="DT203")
            return {}
        return {"inputs": tuple(parts)}
    nested = body.mapping("ratio", f"{body.what}, ratio")
    if nested is None:
        return {}
    top, bottom = nested.text("numerator", required=True), nested.text("denominator", required=True)
    on_zero = nested.choice("on_zero", ("undefined", "zero"))
    nested.finish()
    found: Made = {"inputs": (top, bottom)} if top and bottom else {}
    if nested.has("numerator"):
        positions = {"numerator": nested.at("numerator"), "denominator": nested.at("denominator")}
        found["positions"] = {**made["positions"], **positions}
    if on_zero:
        found["on_zero"] = on_zero
    return found


def _read_derived(body: Fields, made: Made) -> Made:
    formula: str | None
    at = body.at("derived")
    own = _read_inputs(body)
    if isinstance(body.raw("derived"), dict):
        nested = body.mapping("derived", f"{body.what}, derived")
        assert nested is not None
        formula, expr = nested.text("formula"), nested.text("expr")
        formula = formula or expr
        at = nested.at("formula" if "formula" in nested.data else "expr")
        own |= _read_inputs(nested)
        nested.finish()
        if formula is None:
            body.report('"derived" needs a formula over metrics', "derived", code="DT202")
    else:
        formula = body.text("derived")
    if formula is None:
        return {}
    found: Made = {"formula": formula, "positions": {**made["positions"], "formula": at}, "own_inputs": own}
    try:
        columns = parse_expression(formula, at=at).columns
    except UserError as error:
        body.file.issues.extend(error.issues)
        return found
    if not columns:
        body.report("its formula names no metric", "derived", code="DT203")
    behind = (own[name].metric if name in own else name for name in columns)
    return {**found, "inputs": tuple(dict.fromkeys(behind))}


def _read_inputs(body: Fields) -> dict[str, MetricInput]:
    """`inputs: [{metric: revenue, as: last_year, offset: 1 year}]`, or by the name that the formula uses."""
    found: dict[str, MetricInput] = {}
    key = "as" if isinstance(body.data.get("inputs"), dict) else "metric"
    for entry in body.entries("inputs", key=key, what=f"{body.what}, input", plain="metric"):
        metric, name = entry.text("metric", required=True), entry.text("as")
        where, filtered = entry.texts("where"), entry.texts("filter")
        if where and filtered:
            entry.report('"filter" and "where" say the same; keep one', "filter", code="DT203")
        offset, each_day = entry.duration("offset"), entry.flag("each_day")
        to_start = _read_grain(entry, "to_start")
        if each_day and not offset:
            entry.report(
                '"each_day" says how an offset moves days: it goes with `offset`', "each_day", code="DT203"
            )
        if to_start and offset:
            entry.report('either "offset" or "to_start", not both', "to_start", code="DT203")
        entry.finish()
        if metric is None or (name is None and not (where or filtered or offset or to_start)):
            continue  # a plain metric, which the formula calls by its own name
        if name is None:
            hint = f"as: {metric}_before" if offset or to_start else f"as: some_{metric}"
            entry.report(
                "other rows or days need a name of their own in the formula", code="DT202", hint=hint
            )
        elif name in found:
            entry.report(f'"{name}" is there twice', "as", code="DT205", hint="rename or remove one")
        else:
            positions = entry.positions()
            positions.setdefault("where", positions.get("filter", entry.position))
            made = MetricInput(name=name, metric=metric, where=joined(where or filtered), offset=offset,
                               each_day=each_day, to_start=to_start, position=entry.position,
                               positions=positions)  # fmt: skip
            found[name] = made
    return found


def _read_cumulative(body: Fields, made: Made) -> Made:
    if isinstance(body.raw("cumulative"), str):
        return {"inputs": (body.text("cumulative"),)}
    nested = body.mapping("cumulative", f"{body.what}, cumulative")
    if nested is None:
        return {}
    of = nested.text("of", required=True)
    rolling = nested.duration("rolling")
    to_date = _read_grain(nested, "to_date")
    take = nested.choice("take", CUMULATIVE_TAKES, aliases=TAKE_ALIASES)
    if rolling and to_date:
        nested.report('either "rolling" or "to_date", not both', "to_date", code="DT203")
    nested.finish()
    days = {"day": 1, "week": 7}.get(rolling[1]) if rolling else None
    return {
        "inputs": (of,) if of else (),
        "rolling": rolling,
        "rolling_days": rolling[0] * days if rolling and days else None,
        "to_date": to_date,
        "take": take,
        "positions": {**made["positions"], "of": nested.at("of")},
    }


def _read_balance(body: Fields, made: Made) -> Made:
    if isinstance(body.raw("balance"), str):  # `balance: last`, with agg and expr beside it
        take = body.choice("balance", TAKES, aliases=TAKE_ALIASES)
        return {**_aggregation(body), "balance": BalanceRule(take=cast(Any, take or "last"))}
    nested = body.mapping("balance", f"{body.what}, balance")
    if nested is None:
        return {}
    found = _aggregation(nested if "agg" in nested.data or "expr" in nested.data else body)
    found["where"] = joined((*body.texts("where"), *nested.texts("where")))
    take = nested.choice("take", TAKES, aliases=TAKE_ALIASES)
    carried = nested.duration("carry_forward")
    valid = nested.texts("valid")
    if valid and len(valid) != 2:
        nested.report('"valid" is two columns: from and to', "valid", code="DT203")
    until = nested.choice("until", ("included", "excluded"), aliases=UNTIL_ALIASES)
    if until and not valid:
        nested.report('"until" says whether the last day of `valid` counts', "until", code="DT203")
    if valid and (nested.has("per") or carried):
        nested.report(
            "a stock kept as intervals needs no `per` and no `carry_forward`", "valid", code="DT203"
        )
    if valid and take in ("min", "max"):
        nested.report("of a stock kept as intervals: first, last or average", "take", code="DT203")
    if valid and take == "average" and found.get("agg") not in ("sum", "count", "count_distinct", None):
        nested.report("an average over days is of a sum or a count", "take", code="DT203")
    time, model = (
        nested.text("time") or (valid[0] if valid and not body.has("time") else None),
        nested.text("model"),
    )
    among = nested.choice("among", AMONG)
    if among and valid:
        nested.report("a stock kept as intervals has every row on its days", "among", code="DT203")
    rule = BalanceRule(
        take=cast(Any, take or "last"),
        carry_forward_days=carried[0] * _DAYS[carried[1]] if carried else None,
        per=nested.texts("per"),
        valid=(valid[0], valid[1]) if len(valid) == 2 else None,
        until=until if until == "included" else None,
        among="filtered" if among == "filtered" else None,
    )
    nested.finish()
    positions = {**made["positions"], **{key: nested.at(key) for key in nested.data}}
    found |= {"balance": rule, "positions": positions}
    if time:
        found["time"] = time
    if model:
        found["model"] = model
    return found


def _read_lifecycle(body: Fields, made: Made) -> Made:
    nested = body.mapping("lifecycle", f"{body.what}, lifecycle")
    if nested is None:
        return {}
    of, entity = nested.text("of", required=True), nested.text("entity", required=True)
    state = nested.choice("state", STATES)
    if state is None and not nested.has("state"):
        nested.report('"state" is missing', code="DT202", hint=f"one of: {', '.join(STATES)}")
    inactive = nested.duration("inactive")
    if state == "lost" and not nested.has("inactive"):
        nested.report('"inactive" is missing: how long without a record makes one lost', code="DT202")
    elif state not in (None, "lost") and inactive:
        nested.report('"inactive" says when one is lost; it goes with state: lost', "inactive", code="DT203")
    nested.finish()
    rule = LifecycleRule(entity=entity or "", state=cast(Any, state or "active"), inactive=inactive)
    positions = {**made["positions"], "of": nested.at("of"), "entity": nested.at("entity")}
    return {"inputs": (of,) if of else (), "lifecycle": rule, "positions": positions}


_KINDS: dict[str, Callable[[Fields, Made], Made]] = {
    "ratio": _read_ratio,
    "derived": _read_derived,
    "cumulative": _read_cumulative,
    "balance": _read_balance,
    "lifecycle": _read_lifecycle,
}
_DAYS = {"day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366}


def _aggregation(body: Fields) -> Made:
    """`agg: sum` with `expr`, `agg: {sum: amount}`, or `agg: {type: percentile, expr: …, percentile: 0.9}`."""
    expr, where, percentile = body.text("expr"), joined(body.texts("where")), body.number("percentile")
    agg: str | None
    positions: Made = {}
    if isinstance(body.raw("agg"), dict):
        nested = body.mapping("agg", f"{body.what}, agg")
        assert nested is not None
        short = [key for key in nested.data if AGG_ALIASES.get(key, key) in AGGREGATIONS]
        short = [key for key in short if key != "percentile" or not {"type", "agg"} & set(nested.data)]
        if len(short) == 1:
            agg = AGG_ALIASES.get(short[0], short[0])
            expr = nested.text(short[0]) or expr
            at = nested.at(short[0])
            percentile = nested.number("at") or percentile
        else:
            agg = nested.choice("type" if "type" in nested.data else "agg", AGGREGATIONS, aliases=AGG_ALIASES)
            expr = nested.text("expr") or expr
            at = nested.at("expr")
            percentile = nested.number("percentile") or percentile
        where = joined((*body.texts("where"), *nested.texts("where")))
        nested.finish()
        positions = {"positions": {**body.positions(), "expr": at}}
    else:
        agg = body.choice("agg", AGGREGATIONS, aliases=AGG_ALIASES)
    if agg is None and percentile is not None and not body.has("agg"):
        agg = "percentile"
    if agg is None and not body.has("agg"):
        body.report('"agg" is missing', code="DT202", hint=f"one of: {', '.join(AGGREGATIONS)}; or a kind: ratio, "
                    "derived, balance, cumulative, lifecycle")  # fmt: skip
    if agg in PERCENTILES and (percentile is None or not 0 < percentile < 1):
        body.report("a percentile is between 0 and 1: `percentile: 0.9`", "percentile", code="DT203")
        percentile = percentile if percentile is not None and 0 < percentile < 1 else 0.5
    if agg is not None and agg != "count" and expr is None:
        body.report(f'"expr" is missing: what to {agg.replace("_", " ")}', code="DT202")
    found: Made = {"agg": cast("Aggregation | None", agg), "expr": expr, "where": where, **positions}
    if agg in PERCENTILES:
        found["percentile"] = percentile
    return found


# ---------------------------------------------------------------------------------------------------- other fields


def _read_grain(body: Fields, name: str) -> str | None:
    """A period by its grain: month, or fiscal_year, also written fiscal.year."""
    if not body.has(name):
        return None
    return body.choice(name, TO_DATE, aliases={grain.replace("_", "."): grain for grain in TO_DATE})


def _read_fill(body: Fields) -> Decimal | None:
    number = body.number("fill")
    if number is None:
        return None
    return Decimal(int(number)) if number == int(number) else Decimal(str(number))


def _read_unit(body: Fields) -> str | None:
    unit = body.text("unit")
    if unit is None or unit.lower() == "none":
        return None
    return _UNIT_ALIASES.get(unit.lower(), unit.lower())


def _read_decimals(body: Fields) -> int | None:
    number = body.number("decimals")
    if number is None:
        return None
    if number != int(number) or not 0 <= number <= 18:
        body.report(f'"decimals" is a whole number from 0 to 18, not {number:g}', "decimals", code="DT203")
        return None
    return int(number)


def _read_currency(body: Fields, made: Made) -> Made:
    if isinstance(body.raw("currency"), dict):
        nested = body.mapping("currency", f"{body.what}, currency")
        assert nested is not None
        column, rate = nested.text("from", required=True), nested.choice("rate", RATES)
        own = nested.text("column")
        nested.finish()
        if own is not None and rate not in (None, "transaction"):
            nested.report(
                '"column" is a row\'s own rate: it goes with rate: transaction', "column", code="DT203"
            )
        positions = {**made["positions"], "currency": nested.at("from")}
        found = {
            "currency_from": column,
            "currency_rate": rate
            or ("transaction" if own else "closing" if body.has("balance") else "average"),
            "currency_column": own,
            "positions": positions,
        }
        return {**found, "unit": made["unit"] or "currency"}
    code = body.text("currency")
    if code is None:
        return {}
    if len(code) != 3 or not code.isalpha() or not code.isupper():
        body.report(f'currency "{code}" is no ISO code like EUR', "currency", code="DT203")
    return {"currency": code, "unit": made["unit"] or "currency"}


def _read_plan(body: Fields) -> dict[str, str]:
    if isinstance(body.raw("plan"), str):
        return {"budget": body.raw("plan")}
    nested = body.mapping("plan", f"{body.what}, plan")
    if nested is None:
        return {}
    return {scenario: name for scenario in nested.data if (name := nested.text(scenario))}


def _read_bridge(body: Fields) -> BridgeRule | None:
    if isinstance(body.raw("bridge"), str):
        return BridgeRule(quantity=body.raw("bridge"))
    nested = body.mapping("bridge", f"{body.what}, bridge")
    if nested is None:
        return None
    quantity, price = nested.text("quantity", required=True), nested.text("price")
    nested.finish()
    return BridgeRule(quantity=quantity, price=price) if quantity else None


def _read_certified(body: Fields) -> Made:
    value = body.raw("certified")
    if value is None or value is False:
        return {}
    if value is True:
        return {"certified_by": body.text("owner")}
    if isinstance(value, str):
        return {"certified_by": value}
    nested = body.mapping("certified", f"{body.what}, certified")
    if nested is None:
        return {}
    found = {"certified_by": nested.text("by", required=True), "certified_since": nested.date("since")}
    found["certified_definition"] = nested.text("definition")
    nested.finish()
    return found


def _read_deprecated(body: Fields) -> str | None:
    value = body.raw("deprecated")
    if value is None or value is False:
        return None
    return "no longer in use" if value is True else body.text("deprecated")


def _read_examples(body: Fields) -> tuple[Example, ...]:
    examples = []
    for entry in body.entries("examples", key="ask", what=f"{body.what}, example", plain="ask"):
        ask = entry.text("ask", required=True)
        sql = entry.text("check_sql")
        entry.finish()
        if ask:
            examples.append(Example(ask=ask, check_sql=sql, position=entry.position))
    return tuple(examples)


def read_identity(body: Fields) -> Identity | None:
    """Return the identity of one entry: `holds: assets = liabilities + equity`, `by`, `tolerance`."""
    name, holds = body.text("name", required=True), body.text("holds", required=True)
    by, description = body.texts("by"), body.text("description") or ""
    tolerance = body.number("tolerance") or 0
    at = body.at("holds") if holds else body.position
    body.finish()
    if not name or not holds:
        return None
    try:
        tree = parse_expression(holds, at=at).ast
    except UserError as error:
        body.file.issues.extend(error.issues)
        return None
    if not isinstance(tree, exp.EQ):
        body.report('"holds" is two formulas over metrics with = between them', "holds", code="DT203")
        return None
    return Identity(
        name=name,
        left=tree.this.sql(),
        right=tree.expression.sql(),
        by=by,
        tolerance=Decimal(str(tolerance)),
        description=description,
        position=at,
    )


def joined(conditions: tuple[str, ...]) -> str | None:
    """Conditions of a list hold all at once."""
    if len(conditions) < 2:
        return conditions[0] if conditions else None
    return " and ".join(f"({condition})" for condition in conditions)
