"""Bind a catalog's names to columns of tables, and gather the joins that they need.

LEFT JOINs are made from the metric's own table outward. No join can repeat a row of it, but one to a bridge table: who
attaches such joins says that it knows (`semantic.compiler.shared`), else the question is refused.
Layer: semantic.
"""

from __future__ import annotations

import datetime as dt
import weakref
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache

from sqlglot import exp

from datatrust.core.errors import AccessDenied, InternalError, UserError
from datatrust.core.issues import Issue
from semantic.compiler import sql
from semantic.expressions import parse_expression, replace_columns
from semantic.model import Catalog, Dimension, DimensionRef, Join, Model
from semantic.reach import follow_path
from semantic.schema import DOUBLE_SCALE, UNKNOWN, Schema, SqlType, parse_type

_TYPE = "datatrust_type"  # where a bound column keeps its SqlType
Path = tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Proof:
    """What must hold for a number to be right; `statement` gives a row where it does not."""

    code: str
    model: str
    table: str
    statement: exp.Select
    message: str  # {0}, {1} stand for the values of that row
    hint: str
    texts: dict[str, str] = field(
        default_factory=dict, compare=False
    )  # dialect -> the statement, once printed


def is_valid(first: exp.Expr, last: exp.Expr, day: exp.Expr, *, until: str | None) -> exp.Expr:
    """Whether `day` lies from `first` to the day before `last`, or to `last` where it is included; none is open."""
    begun = exp.LTE(this=first, expression=day.copy())
    after = (exp.GTE if until == "included" else exp.GT)(this=last, expression=day.copy())
    is_open = exp.Is(this=last.copy(), expression=exp.Null())
    return exp.And(this=begun, expression=exp.Paren(this=exp.Or(this=is_open, expression=after)))


_PROOFS: dict[
    int, dict[tuple[object, ...], tuple[Schema, Proof]]
] = {}  # id of a catalog -> its joins' proofs


class Binder:
    """The FROM clause of one SELECT over one model, growing as names are bound."""

    def __init__(self, catalog: Catalog, model: Model, schema: Schema, today: dt.date) -> None:
        self.model = model
        self._catalog = catalog
        self._schema = schema
        self._today = today
        self._joins: dict[Path, tuple[Model, exp.Expr]] = {}
        self._tables: dict[str, tuple[str, exp.Expr]] = {}  # alias -> table and condition
        self._proofs: list[Proof] = []
        self.bridges: dict[Path, Join] = {}  # joins that may repeat rows, by their path

    # -------------------------------------------------------------------------------------------- names

    def expression(self, text: str) -> exp.Expr:
        """Bind an expression that the model's author wrote."""
        return self._bind(text, self.model, (), frozenset())

    def condition(self, text: str, meaning: Callable[[str], exp.Expr]) -> exp.Expr:
        """Bind an expression whose names are given a meaning by the caller."""
        bound = replace_columns(parse_expression(text).ast, lambda parts: _bracket(meaning(".".join(parts))))
        return self._finished(text, bound)

    def dimension(self, ref: DimensionRef) -> exp.Expr:
        """Bind a dimension: its column, or its expression; for who may not see its values, one word for all of them."""
        target = self.join(ref.path)
        bound = self._dimension(target, ref.path, ref.dimension, frozenset())
        return bound if ref.dimension.mask is None else _masked(bound, ref.dimension.mask)

    def date(self, ref: DimensionRef) -> exp.Expr:
        """Bind a time dimension as a date; a text that is no date counts as none."""
        return _as_date(self.dimension(ref))

    def day(self, text: str) -> exp.Expr:
        """Bind an expression as a date; a text that is no date counts as none."""
        return _as_date(self.expression(text))

    def key_proof(self) -> Proof:
        """What must hold for the model's key to tell its rows apart."""
        model = self.model
        return self._known_proof(
            Join(to=model.name, key=model.key, to_key=model.key, alias=model.name), model
        )

    def rows_proof(self) -> Proof:
        """The key tells every row from every other, also those without one: two of these are the same to DISTINCT."""
        model = self.model
        inner = Binder(self._catalog, model, self._schema, self._today)
        keys = [inner.expression(each) for each in model.key]
        select = inner.attach(exp.Select(expressions=[exp.Literal.number(1)]))
        if (kept := inner._kept_rows()) is not None:
            select = select.where(kept, copy=False)
        repeated = exp.GT(this=exp.Count(this=exp.Star()), expression=exp.Literal.number(1))
        select = select.group_by(*keys, copy=False).having(repeated, copy=False)
        return Proof(
            code="DT328",
            model=model.name,
            table=model.table,
            statement=sql.limited(select, 1),
            message=f"several rows of {model.table} have the same key, or none, so those that belong to several members "
            "cannot be counted once",
            hint=f"make the key unique ({', '.join(model.key)}), or declare a `weight:` for the bridge table",
        )

    def row_filter(self) -> exp.Expr | None:
        """The rows that the model keeps, and of them those that the viewer may see.

        Raises:
            AccessDenied: the viewer sees some rows only, and those of this model cannot be told apart.
        """
        if self.model.closed:
            raise AccessDenied(
                Issue(
                    code="DT332",
                    message="your role sees some rows only, and which of these they are cannot be told",
                    hint="ask for another figure, or ask the policy's owner",
                )
            )
        kept = self._kept_rows()
        return sql.all_of([kept, *(self.expression(text) for text in self.model.rows)])

    def _kept_rows(self) -> exp.Expr | None:
        return self.expression(self.model.where) if self.model.where else None

    def attach(self, select: exp.Select, *, repeats: bool = False) -> exp.Select:
        """Give `select` the model's table and the joins that were needed.

        Args:
            repeats: a row may be there several times, which `select` allows for.

        Raises:
            UserError: a row would be counted several times.
        """
        if self.bridges and not repeats:
            over = ", ".join(sorted(".".join(path) for path in self.bridges))
            raise UserError(
                Issue(
                    code="DT328",
                    message=f'"{over}" leads from one row to several, and this cannot be shared between them yet',
                    hint="ask for sums, counts, averages or balances there, or ask without it",
                )
            )
        select = sql.read_from(select, sql.stored_table(self.model.table, self.model.name))
        for path, (target, condition) in self._joins.items():
            select = sql.joined(select, sql.stored_table(target.table, _alias(path)), condition, side="left")
        for alias, (table, condition) in self._tables.items():
            select = sql.joined(select, sql.stored_table(table, alias), condition, side="left")
        return select

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables of the FROM clause."""
        more = [table for table, _ in self._tables.values()]
        return (self.model.table, *(target.table for target, _ in self._joins.values()), *more)

    def join_table(self, table: str, alias: str, condition: exp.Expr, proof: Proof) -> None:
        """Join a table that is no model, once; `proof` finds what would let the join repeat rows."""
        if alias not in self._tables:
            self._tables[alias] = (table, condition)
            if proof not in self._proofs:
                self._proofs.append(proof)

    @property
    def proofs(self) -> tuple[Proof, ...]:
        """What must hold for the FROM clause to have each row of the model once."""
        return tuple(self._proofs)

    # -------------------------------------------------------------------------------------------- inside

    def _bind(self, text: str, model: Model, path: Path, within: frozenset[tuple[Path, str]]) -> exp.Expr:
        tree = parse_expression(text).ast

        def replacement(parts: Path) -> exp.Expr:
            *steps, last = parts
            followed = follow_path(self._catalog, model.name, steps)
            if followed is None:
                raise InternalError(
                    f'"{".".join(parts)}" of model {model.name} leads nowhere; please report this'
                )
            aliases, target = followed
            full = (*path, *aliases)
            self.join(full)
            place = (full, last)
            if last in target.dimensions and place not in within:
                return _bracket(self._dimension(target, full, target.dimensions[last], within | {place}))
            if last in target.segments and place not in within:
                return exp.Paren(this=self._bind(target.segments[last].expr, target, full, within | {place}))
            return self._column(target, full, last)

        return self._finished(text, replace_columns(tree, replacement))

    def _finished(self, text: str, bound: exp.Expr) -> exp.Expr:
        """The day of today, and exact products, in what was bound of `text`."""
        has_today, has_products = _needs(text)
        if has_today:
            bound = _with_today(bound, self._today)
        return exact(bound) if has_products else bound

    def _dimension(
        self, model: Model, path: Path, dimension: Dimension, within: frozenset[tuple[Path, str]]
    ) -> exp.Expr:
        if dimension.expr is None:
            return self._column(model, path, dimension.name)
        return self._bind(dimension.expr, model, path, within | {(path, dimension.name)})

    def _column(self, model: Model, path: Path, name: str) -> exp.Column:
        found = self._schema.column(model.table, name)
        made = sql.column(found.name, _alias(path) if path else model.name)
        made.meta[_TYPE] = found.type
        return made

    def join(self, path: Path) -> Model:
        """Make sure that the tables along `path` are joined; return the last one's model."""
        model = self.model
        for length in range(1, len(path) + 1):
            here = path[:length]
            join = model.joins[here[-1]]
            target = self._catalog.models[join.to]
            if here not in self._joins:
                self._joins[here] = (target, exp.Boolean(this=True))
                self._joins[here] = (target, self._condition(model, path[: length - 1], join, target, here))
                if join.many:
                    self.bridges[here] = join
                if not join.many or join.weight:
                    self._proofs.append(self._known_proof(join, target))
            model = target
        return model

    def _condition(self, model: Model, path: Path, join: Join, target: Model, here: Path) -> exp.Expr:
        parts: list[exp.Expr] = []
        for own, other in zip(join.key, join.to_key, strict=True):
            left = self._bind(own, model, path, frozenset())
            right = self._bind(other, target, here, frozenset())
            parts.append(exp.EQ(this=left, expression=right))
        if join.valid:
            day = _as_date(self._bind(join.at or model.time or "", model, path, frozenset()))
            first, last = (_as_date(self._bind(each, target, here, frozenset())) for each in join.valid)
            parts.append(is_valid(first, last, day, until=join.until))
        if join.where:
            parts.append(self._bind(join.where, model, path, frozenset()))
        if target.where:
            if any("." in each for each in parse_expression(target.where).columns):
                raise UserError(
                    Issue(
                        code="DT321",
                        message=f"model {target.name} cannot be joined yet: its `where` reaches over joins",
                        at=target.position,
                        hint="give the model a `where` over its own columns",
                    )
                )
            parts.append(self._bind(target.where, target, here, frozenset()))
        parts += self._rows_there(target, here)
        condition = sql.all_of(parts)
        assert condition is not None
        return condition

    def _rows_there(self, target: Model, here: Path) -> list[exp.Expr]:
        """What a joined row must meet for the viewer to see it.

        On the joins that the viewer's own rows are found by it must not be asked: a row that is left out there would
        look like one without a value, which a filter may let pass.
        """
        if any(path[: len(here)] == here for path in self.model.rows_paths):
            return []
        join = self._step(here)
        if (join.many and target.rows) or any(
            "." in name for text in target.rows for name in parse_expression(text).columns
        ):
            raise AccessDenied(
                Issue(
                    code="DT332",
                    message=f'your role sees some rows only, and which of them "{".".join(here)}" leads to cannot be told',
                    hint="ask without it",
                )
            )
        return [self._bind(text, target, here, frozenset()) for text in target.rows]

    def _step(self, here: Path) -> Join:
        """The last join of a path."""
        model = self.model
        for alias in here[:-1]:
            model = self._catalog.models[model.joins[alias].to]
        return model.joins[here[-1]]

    def weights(self) -> list[exp.Expr]:
        """The share of a row that each of its rows in a bridge table has; all of it where it has none there.

        Raises:
            UserError: some of the bridge tables have weights, and others have not.
        """
        weighted = [path for path, join in self.bridges.items() if join.weight]
        if weighted and len(weighted) < len(self.bridges):
            plain = next(path for path, join in self.bridges.items() if not join.weight)
            raise UserError(
                Issue(
                    code="DT328",
                    message=f'"{".".join(weighted[0])}" shares rows by weight and "{".".join(plain)}" has no weight, '
                    "so that neither parts nor counts would be right",
                    hint=f"ask for the two apart, or give {plain[-1]} a weight",
                )
            )
        found: list[exp.Expr] = []
        for path in weighted:
            join = self.bridges[path]
            assert join.weight is not None
            share = _share(self._bind(join.weight, self._catalog.models[join.to], path, frozenset()))
            whole = exp.Coalesce(this=share, expressions=[exp.Literal.number(1)])
            found.append(typed_paren(whole, type_of(share)))
        return found

    def share_faults(self, join: Join) -> exp.Select:
        """Return the select that has a row for each key of this bridge table whose weights are not the parts of 1."""
        assert join.weight is not None
        keys = [self.expression(each) for each in join.to_key]
        share = _share(self.expression(join.weight))
        conditions: list[exp.Expr | None] = [
            exp.Not(this=exp.Is(this=key.copy(), expression=exp.Null())) for key in keys
        ]
        conditions.append(self._kept_rows())
        select = self.attach(exp.Select(expressions=[sql.aliased(exp.Literal.number(1), "wrong")]))
        select = select.where(sql.all_of(conditions), copy=False).group_by(*keys, copy=False)
        wrong = [
            exp.NEQ(this=exp.Sum(this=share.copy()), expression=exp.Literal.number(1)),
            exp.LT(this=exp.Count(this=share.copy()), expression=exp.Count(this=exp.Star())),
            exp.LT(this=exp.Min(this=share.copy()), expression=exp.Literal.number(0)),
        ]
        return select.having(sql.any_of(wrong), copy=False)

    def _share_proof(self, join: Join, target: Model) -> Proof:
        """The weights of each key add up to 1, and none is missing or below zero."""
        inner = Binder(self._catalog, target, self._schema, self._today)
        return Proof(
            code="DT328",
            model=target.name,
            table=target.table,
            statement=sql.limited(inner.share_faults(join), 1),
            message=f"nothing can be shared by {join.weight} of {target.name}: for one key of {target.table} the shares "
            "do not add up to 1, or one is missing or below zero",
            hint="let the last share of each key take what is left of 1; all wrong keys are counted by: "
            "datatrust semantic check --data",
        )

    def _known_proof(self, join: Join, target: Model) -> Proof:
        """The proof of a join is the same in every question to one catalog over one schema."""
        known = _PROOFS.get(id(self._catalog))
        if known is None:
            known = _PROOFS[id(self._catalog)] = {}
            weakref.finalize(self._catalog, _PROOFS.pop, id(self._catalog), None)
        key = (target.name, join.to_key, join.valid, join.until, join.weight, id(self._schema), self._today)
        if key not in known:
            known[key] = (
                self._schema,
                self._proof(join, target),
            )  # the schema lives on, so its id stays its own
        return known[key][1]

    def _version_proof(
        self, join: Join, target: Model, inner: Binder, keys: list[exp.Expr], conditions: list[exp.Expr]
    ) -> Proof:
        """No two versions of one key are valid on the same day."""
        assert join.valid is not None
        first, last = (inner.day(each) for each in join.valid)
        following = exp.Window(
            this=exp.Lead(this=first.copy()),
            partition_by=keys,
            order=exp.Order(expressions=[exp.Ordered(this=first.copy())]),
        )
        columns = [sql.aliased(last, "until"), sql.aliased(following, "following")]
        there = exp.Not(this=exp.Is(this=first.copy(), expression=exp.Null()))
        versions = inner.attach(exp.Select(expressions=columns))
        versions = versions.where(sql.all_of([*conditions, there]), copy=False)
        until, after = sql.column("until", "versions"), sql.column("following", "versions")
        overlap = (exp.LTE if join.until == "included" else exp.LT)(this=after, expression=until)
        is_open = exp.Is(this=until.copy(), expression=exp.Null())
        goes_on = exp.Not(this=exp.Is(this=after.copy(), expression=exp.Null()))
        select = exp.Select(expressions=[exp.Literal.number(1)]).from_(
            exp.Subquery(this=versions, alias=exp.TableAlias(this=sql.name("versions"))), copy=False
        )
        select = select.where(sql.any_of([overlap, exp.And(this=is_open, expression=goes_on)]), copy=False)
        return Proof(
            code="DT320",
            model=target.name,
            table=target.table,
            statement=sql.limited(select, 1),
            message=f"{target.name} cannot be joined: versions of one key in {target.table} are valid on the same day, "
            "so a join would count rows twice",
            hint=f"let each version end ({join.valid[1]}) where the next begins ({join.valid[0]})",
        )

    def _proof(self, join: Join, target: Model) -> Proof:
        if join.weight:
            return self._share_proof(join, target)
        inner = Binder(self._catalog, target, self._schema, self._today)
        keys = [inner.expression(each) for each in join.to_key]
        conditions: list[exp.Expr] = [
            exp.Not(this=exp.Is(this=key.copy(), expression=exp.Null())) for key in keys
        ]
        if (kept := inner._kept_rows()) is not None:
            conditions.append(exp.Paren(this=kept))
        select = exp.Select(expressions=[exp.Literal.number(1)])
        if join.valid:
            return self._version_proof(join, target, inner, keys, conditions)
        select = inner.attach(select).where(sql.all_of(conditions), copy=False)
        select = select.group_by(*keys, copy=False)
        repeated = exp.GT(this=exp.Count(this=exp.Star()), expression=exp.Literal.number(1))
        select = select.having(repeated, copy=False)
        select = sql.limited(select, 1)
        return Proof(
            code="DT320",
            model=target.name,
            table=target.table,
            statement=select,
            message=f"{target.name} cannot be joined: several rows of {target.table} have the same key, "
            "so a join would count rows twice",
            hint="make the key unique, or join on all of its columns",
        )


def _share(bound: exp.Expr) -> exp.Expr:
    """A weight as a decimal: shares add up to 1 exactly, or not at all."""
    kind = type_of(bound)
    return sql.decimal(bound, kind.scale if kind.kind in ("decimal", "integer") else DOUBLE_SCALE)


def _as_date(bound: exp.Expr) -> exp.Expr:
    kind = type_of(bound).kind
    if kind == "date":
        return bound
    if kind == "text":
        return exp.TryCast(this=bound, to=sql.data_type("DATE"))
    return sql.cast(bound, "DATE")


def _masked(bound: exp.Expr, word: str) -> exp.Expr:
    there = exp.Not(this=exp.Is(this=exp.Paren(this=bound), expression=exp.Null()))
    return exp.Case(ifs=[exp.If(this=there, true=exp.Literal.string(word))])


def _alias(path: Path) -> str:
    return "__".join(path)


def _bracket(node: exp.Expr) -> exp.Expr:
    return node if isinstance(node, exp.Column | exp.Literal | exp.Func) else exp.Paren(this=node)


@lru_cache(maxsize=20_000)
def _needs(text: str) -> tuple[bool, bool]:
    """Whether an expression speaks of today, and whether it multiplies or divides."""
    tree = parse_expression(text).ast
    return tree.find(exp.CurrentDate) is not None, tree.find(exp.Mul, exp.Div) is not None


def _with_today(node: exp.Expr, today: dt.date) -> exp.Expr:
    return node.transform(
        lambda each: sql.date(today) if isinstance(each, exp.CurrentDate) else each, copy=False
    )


# ------------------------------------------------------------------------------------------------ types


def typed(node: exp.Column, kind: SqlType) -> exp.Column:
    """Return `node` with the kind that it is known to have."""
    node.meta[_TYPE] = kind
    return node


def typed_paren(node: exp.Expr, kind: SqlType) -> exp.Paren:
    """Return an expression in brackets with the kind that it is known to have."""
    made = exp.Paren(this=node)
    made.meta[_TYPE] = kind
    return made


def type_of(node: exp.Expr) -> SqlType:
    """Return the kind of a bound expression; "unknown" where it cannot be told."""
    found = node.meta_get(_TYPE)
    if isinstance(found, SqlType):
        return found
    if isinstance(node, exp.Paren | exp.Neg | exp.Abs):
        return type_of(node.this)
    if isinstance(node, exp.Literal):
        return _literal_type(node)
    if isinstance(node, exp.Cast):
        return _cast_type(node)
    if isinstance(node, exp.Add | exp.Sub):
        return _sum_type(node)
    if isinstance(node, exp.Mul):
        return _product_type(type_of(node.this), type_of(node.expression))
    if isinstance(node, exp.Case):
        results = [branch.args["true"] for branch in node.args.get("ifs", ())]
        return _common(results + ([node.args["default"]] if node.args.get("default") else []))
    if isinstance(node, exp.If):
        return _common([each for each in (node.args.get("true"), node.args.get("false")) if each is not None])
    if isinstance(node, exp.Coalesce | exp.Greatest | exp.Least):
        return _common([node.this, *node.expressions])
    if isinstance(node, exp.Nullif):
        return type_of(node.this)
    if isinstance(node, exp.Round):
        digits = node.args.get("decimals")
        return (
            SqlType("decimal", int(str(digits))) if digits is not None and str(digits).isdigit() else UNKNOWN
        )
    if isinstance(node, exp.Predicate | exp.Boolean | exp.Connector | exp.Not):
        return SqlType("boolean")
    if isinstance(
        node,
        exp.Length
        | exp.Extract
        | exp.DateDiff
        | exp.Year
        | exp.Quarter
        | exp.Month
        | exp.Week
        | exp.Day
        | exp.DayOfWeekIso,
    ):
        return SqlType("integer")
    if isinstance(
        node, exp.Lower | exp.Upper | exp.Trim | exp.Concat | exp.DPipe | exp.Left | exp.Right | exp.Substring
    ):
        return SqlType("text")
    if isinstance(node, exp.CurrentDate):
        return SqlType("date")
    return UNKNOWN


def _literal_type(node: exp.Literal) -> SqlType:
    if node.is_string:
        return SqlType("text")
    text = str(node.this)
    if "e" in text.lower():
        return SqlType("double")
    return SqlType("decimal", len(text.partition(".")[2])) if "." in text else SqlType("integer")


def _cast_type(node: exp.Cast) -> SqlType:
    to = node.to
    return _type_named(to.this.name, tuple(each.name for each in to.expressions))


@lru_cache(maxsize=200)
def _type_named(name: str, sizes: tuple[str, ...]) -> SqlType:
    """A type by its name; reading its printed text each time was a twelfth of a compile."""
    return parse_type(f"{name}({', '.join(sizes)})" if sizes else name)


def _sum_type(node: exp.Expr) -> SqlType:
    left, right = type_of(node.this), type_of(node.expression)
    if isinstance(node, exp.Sub) and left.kind == right.kind == "date":
        return SqlType("integer")  # days
    for side in (left, right):
        if side.kind in ("date", "timestamp"):
            return side
    return _widest([left, right])


def _product_type(left: SqlType, right: SqlType) -> SqlType:
    kinds = {left.kind, right.kind}
    if kinds <= {"integer", "decimal"}:
        scale = left.scale + right.scale
        return SqlType("decimal", scale) if "decimal" in kinds else SqlType("integer")
    return SqlType("double") if "double" in kinds else UNKNOWN


def _common(nodes: Iterable[exp.Expr]) -> SqlType:
    return _widest([type_of(each) for each in nodes if not isinstance(each, exp.Null)])


def _widest(types: list[SqlType]) -> SqlType:
    kinds = {each.kind for each in types}
    if len(kinds) == 1:
        return SqlType(types[0].kind, max(each.scale for each in types))
    if kinds <= {"integer", "decimal"} and kinds:
        return SqlType("decimal", max(each.scale for each in types))
    return SqlType("double") if kinds and kinds <= {"integer", "decimal", "double"} else UNKNOWN


# ---------------------------------------------------------------------------------------------- exactness


def exact(node: exp.Expr) -> exp.Expr:
    """Widen decimals before they are multiplied, and divide by a plain number as an exact product.

    A division by anything else is one of floating numbers, and by zero gives none.
    """
    for inner in [each for each in node.dfs() if isinstance(each, exp.Mul | exp.Div)]:
        made = _exact_node(inner)
        if made is inner:
            continue
        if inner is node:
            node = made
        else:
            inner.replace(made)
    return node


def _exact_node(node: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.Mul):
        for side in ("this", "expression"):
            child = node.args[side]
            kind = type_of(child)
            if kind.kind == "decimal" and isinstance(child.unnest(), exp.Column):
                node.set(side, sql.decimal(child, kind.scale))
    if isinstance(node, exp.Div):
        reciprocal = _reciprocal(node.expression)
        if reciprocal is not None:
            made = exp.Mul(this=node.this, expression=sql.number(reciprocal))
            return _exact_node(made)
        if not isinstance(node.expression, exp.Nullif):
            divisor = exp.Nullif(this=node.expression, expression=exp.Literal.number(0))
            node.set("this", sql.cast(node.this, "DOUBLE"))
            node.set("expression", divisor)
            node.meta[_TYPE] = SqlType("double", DOUBLE_SCALE)
    return node


def _reciprocal(node: exp.Expr) -> Decimal | None:
    """1/n of a literal whole number made of twos and fives alone; None of any other."""
    plain = node.unnest()
    if not isinstance(plain, exp.Literal) or plain.is_string or not str(plain.this).isdigit():
        return None
    number = rest = int(str(plain.this))
    if not 0 < number <= 10_000_000:
        return None
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    if rest != 1:
        return None
    return (Decimal(1) / Decimal(number)).normalize()
