"""Read where a source's raw data lie and how they are written: server, reader, notation, control totals.

What the standard has fields for stands in them; the rest in the server's `customProperties`.
Refuses options that the reader does not have, notations that could be read in two ways, and databases whose
extracts would be counted twice.
Layer: pipeline. Imports core, the model, the notation and the readers' names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from datatrust.core.issues import did_you_mean
from pipeline.contracts import vocabulary as words
from pipeline.contracts.model import ColumnType, ControlTotals, DatabaseTable, NumberFormat
from pipeline.contracts.reading import Path_, Reading
from pipeline.notation import check_date_formats, check_number_format

EXTRACT_READER = "parquet"
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SIDE_FILE = re.compile(r"[^/{}]*\{(?:name|stem)\}[^/{}]*")


@dataclass(frozen=True, kw_only=True)
class Server:
    """What one server entry says."""

    glob: str = ""
    reader: str = "csv"
    options: Mapping[str, Any] = field(default_factory=dict)
    number_format: NumberFormat | None = None
    date_formats: tuple[str, ...] = ()
    timestamp_formats: tuple[str, ...] = ()
    control_totals: ControlTotals | None = None
    database: DatabaseTable | None = None
    at: Path_ = ("servers",)


def read_server(reading: Reading, body: Mapping[str, Any]) -> Server:
    """Return the first server entry of a kind that is read here."""
    servers = reading.items(body.get("servers"), "servers")
    for index, item in enumerate(servers):
        kind = item.get("type") if isinstance(item, dict) else None
        if kind == "local":
            return _read_local(reading, item, ("servers", index))
        if kind in words.DATABASES:
            return _read_database(reading, item, ("servers", index))
    reading.wrong(
        "DT409",
        "`servers` needs one of type local with `path` (files under the raw folder) and `format`, "
        f"or a database ({', '.join(words.DATABASES)})",
        "servers",
    )
    return Server()


def _read_local(reading: Reading, server: Mapping[str, Any], here: Path_) -> Server:
    from pipeline.readers import readers

    reading.keys(server, words.SERVER, *here)
    path, reader = server.get("path"), server.get("format")
    if not isinstance(path, str) or not path or path.startswith(("/", "..")):
        reading.wrong(
            "DT409", "`path` must be a pattern under the raw folder, such as **/sales*.csv", *here, "path"
        )
    if reader not in readers():
        reading.wrong(
            "DT409",
            f'no reader for format "{reader}"',
            *here,
            "format",
            near=did_you_mean(str(reader), readers()),
            hint=f"readers: {', '.join(sorted(readers()))}",
        )
        return Server(glob=str(path), at=here)
    known = readers()[reader].options
    options = {name: server[name] for name in words.SERVER_OPTIONS if server.get(name) is not None}
    for name in set(options) - set(known):
        reading.wrong("DT409", f"format {reader} has no option `{name}`", *here, name)
    custom = reading.custom(server, (*words.SERVER_PROPERTIES, *known), *here)
    options |= {name: value for name, value in custom.items() if name not in words.SERVER_PROPERTIES}
    for message in readers()[reader].check(options):
        reading.wrong("DT409", message, *here)
    totals = custom.get("controlTotals")
    return Server(
        glob=str(path),
        reader=str(reader),
        options=options,
        number_format=read_number_format(reading, custom.get("numberFormat"), here),
        date_formats=read_date_formats(reading, custom.get("dateFormats"), here),
        timestamp_formats=read_date_formats(reading, custom.get("timestampFormats"), here),
        control_totals=_read_totals(reading, totals, options, here) if totals is not None else None,
        at=here,
    )


def read_number_format(reading: Reading, value: Any, here: Path_) -> NumberFormat | None:
    """Return a `numberFormat` property's notation; None where there is none or it is wrong."""
    if value is None:
        return None
    at = (*here, "customProperties")
    known = ("decimal", "thousands", "currency", "negative", "exponent")
    if not isinstance(value, dict):
        reading.wrong("DT409", f"`numberFormat` must be a mapping of {', '.join(known)}", *at)
        return None
    for name in value:
        if name not in known:
            near = did_you_mean(str(name), known)
            reading.wrong("DT401", f'unknown key "{name}" in `numberFormat`', *at, near=near)
    currency, negative = _texts(value.get("currency")), _texts(value.get("negative"))
    thousands, exponent = value.get("thousands"), value.get("exponent", False)
    if not isinstance(exponent, bool):
        reading.wrong("DT409", "`numberFormat`: exponent must be true or false", *at)
        return None
    notation = NumberFormat(
        decimal=str(value.get("decimal", ".")),
        thousands=None if thousands is None else str(thousands),
        currency=currency,
        negative=negative or ("minus",),
        exponent=exponent,
    )
    wrong = list(check_number_format(notation))
    for message in wrong:
        reading.wrong("DT409", f"`numberFormat`: {message}", *at)
    return None if wrong else notation


def read_date_formats(reading: Reading, value: Any, here: Path_, *place: str) -> tuple[str, ...]:
    """Return declared date formats, of which none is guessed: two readings of one text are refused."""
    formats = _texts(value)
    for message in check_date_formats(formats):
        reading.wrong("DT409", message, *here, *(place or ("customProperties",)))
    return formats


def _texts(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    return tuple(str(item) for item in value) if isinstance(value, list) else (str(value),)


def notation_of(
    reading: Reading,
    body: Mapping[str, Any],
    custom: Mapping[str, Any],
    kind: ColumnType,
    server: Server,
    at: Path_,
) -> tuple[NumberFormat | None, tuple[str, ...]]:
    """Return the notation of one column: its own, or else the source's."""
    numbers: NumberFormat | None = None
    dates: tuple[str, ...] = ()
    if kind.kind in ("decimal", "integer"):
        numbers = read_number_format(reading, custom.get("numberFormat"), at) or server.number_format
    elif custom.get("numberFormat") is not None:
        reading.wrong("DT409", "`numberFormat` stands on a column that is no number", *at, "customProperties")
    if kind.kind in ("date", "timestamp"):
        options = body.get("logicalTypeOptions")
        own = options.get("format") if isinstance(options, dict) else None
        place = ("logicalTypeOptions", "format") if own is not None else ("customProperties",)
        listed = custom.get("dateFormats")
        if own is not None and listed is not None:
            reading.wrong("DT409", "write `format` or `dateFormats`, not both", *at, *place)
        dates = read_date_formats(reading, own if own is not None else listed, at, *place)
        dates = dates or (server.date_formats if kind.kind == "date" else server.timestamp_formats)
    elif custom.get("dateFormats") is not None:
        reading.wrong("DT409", "`dateFormats` stands on a column that is no date", *at, "customProperties")
    return numbers, dates


def _read_totals(
    reading: Reading, value: Any, options: Mapping[str, Any], here: Path_
) -> ControlTotals | None:
    at = (*here, "customProperties")
    known = ("pattern", "column", "file")
    if not isinstance(value, dict) or not isinstance(value.get("pattern"), str):
        reading.wrong("DT409", f"`controlTotals` needs a `pattern`, and takes {', '.join(known)}", *at)
        return None
    for name in value:
        if name not in known:
            near = did_you_mean(str(name), known)
            reading.wrong("DT401", f'unknown key "{name}" in `controlTotals`', *at, near=near)
    try:
        groups = set(re.compile(value["pattern"]).groupindex)
    except re.error as error:
        reading.wrong("DT409", f"`controlTotals`: the pattern cannot be read: {error}", *at)
        return None
    column, side = value.get("column"), value.get("file")
    if not groups or groups - {"rows", "sum"}:
        reading.wrong(
            "DT409", "`controlTotals`: the pattern needs a group (?P<rows>…) or (?P<sum>…), no other", *at
        )
    if ("sum" in groups) != (column is not None):
        reading.wrong(
            "DT409", "`controlTotals`: a group `sum` and `column`, whose sum it is, go together", *at
        )
    if side is not None and not _SIDE_FILE.fullmatch(str(side)):
        reading.wrong("DT409", '`controlTotals`: `file` must be such as "{name}.ctl" or "{stem}.txt"', *at)
    if side is None and not ({"footerLines", "footerPattern"} & set(options)):
        reading.wrong(
            "DT409",
            "`controlTotals` stand in the file's footer, which needs `footerLines` or `footerPattern`",
            *at,
            hint="or name the `file` that they come in",
        )
    return ControlTotals(
        pattern=value["pattern"],
        column=None if column is None else str(column),
        side_file=None if side is None else str(side),
    )


def _read_database(reading: Reading, server: Mapping[str, Any], here: Path_) -> Server:
    reading.keys(server, words.SERVER | words.DATABASE_SERVER, *here)
    custom = reading.custom(server, words.DATABASE_PROPERTIES, *here)
    for name in ("host", "database"):
        if not isinstance(server.get(name), str) or not server[name]:
            reading.wrong("DT409", f"a database needs `{name}`", *here, name)
    for name in ("user", "passwordVariable"):
        if not isinstance(custom.get(name), str) or not custom[name]:
            reading.wrong("DT409", f"a database needs the custom property `{name}`", *here)
    port, variable = server.get("port", 5432), str(custom.get("passwordVariable", ""))
    if not isinstance(port, int) or not 0 < port < 65536:
        reading.wrong("DT409", "`port` must be a number", *here, "port")
        port = 0
    if variable and not _VARIABLE.fullmatch(variable):
        reading.wrong(
            "DT409", "`passwordVariable` must be the name of an environment variable, not a password", *here
        )
    table, query = custom.get("table"), custom.get("query")
    if (table is None) == (query is None):
        reading.wrong("DT409", "a database needs `table` or `query`, one of them", *here)
    if query is None:
        parts = [*filter(None, [server.get("schema")]), str(table)]
        query = "select * from " + ".".join('"' + str(part).replace('"', '""') + '"' for part in parts)
    return Server(
        glob="*.parquet",
        reader=EXTRACT_READER,
        database=DatabaseTable(
            host=str(server.get("host")),
            port=port,
            database=str(server.get("database")),
            user=str(custom.get("user")),
            password_variable=variable,
            query=str(query).strip().rstrip(";"),
        ),
        at=here,
    )
