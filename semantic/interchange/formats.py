"""The formats by name: which can be written, which can be read, and how a path becomes what a format reads.

Layer: semantic. Reads disk, writes none.
"""

from __future__ import annotations

from pathlib import Path

from datatrust.core.errors import UserError
from datatrust.core.issues import Issue, did_you_mean
from datatrust.core.settings import Project
from datatrust.core.yaml import Document, load_yaml
from semantic.dbt.importer import import_dbt
from semantic.engine import SemanticLayer
from semantic.interchange.databricks import export_databricks, import_databricks
from semantic.interchange.dbt import export_dbt
from semantic.interchange.exported import Exported
from semantic.interchange.imported import Imported
from semantic.interchange.ossie import export_ossie, import_ossie
from semantic.interchange.ossie_form import NEWEST, VERSIONS
from semantic.interchange.tmdl import export_tmdl
from semantic.loader import load_catalog

EXPORTS = ("dbt", "ossie", "databricks", "tmdl")
IMPORTS = ("dbt", "ossie", "databricks")


def known_format(name: str, known: tuple[str, ...], what: str) -> str:
    """Return a format's name, checked.

    Raises:
        UserError: no such format.
    """
    if name in known:
        return name
    if name in EXPORTS:
        message = f"{name} is not {what}: Power BI's files have no place for all of a catalog"
    else:
        message = f'no format is called "{name}"'
    raise UserError(
        Issue(
            code="DT204",
            message=message,
            suggestion=did_you_mean(name, known),
            hint=f"formats that are {what}: {', '.join(known)}",
        )
    )


def export_catalog(project: Project, to: str, *, name: str, version: str | None = None) -> Exported:
    """Write a project's catalog in a format.

    Args:
        project: the project.
        to: the format.
        name: what the whole is called, where the format has a name for it.
        version: of the format; its newest unless said.

    Raises:
        UserError: an unknown format or version, a catalog with faults, or no release whose types Power BI needs.
    """
    known_format(to, EXPORTS, "written")
    if version is not None and (to != "ossie" or version not in VERSIONS):
        known = VERSIONS if to == "ossie" else ()
        raise UserError(
            Issue(
                code="DT204",
                message=f'{to} is not written in a version "{version}"',
                suggestion=did_you_mean(version, known),
                hint=f"versions: {', '.join(known)}" if known else "leave --version out",
            )
        )
    if to == "tmdl":
        layer = SemanticLayer.open(project)
        try:
            return export_tmdl(layer.catalog, layer.schema, name=name)
        finally:
            layer.close()
    catalog = load_catalog(project.catalog, shown_root=project.root)
    if to == "ossie":
        return export_ossie(catalog, name=name, version=version or NEWEST)
    return {"dbt": export_dbt, "databricks": export_databricks}[to](catalog)


def import_catalog(source: str, path: Path, *, schema: str | None = None, each_day: bool = False) -> Imported:
    """Read another tool's files as a catalog that passes its check.

    Args:
        source: the format.
        path: a file, or a folder where the format has many.
        schema: of dbt: the schema of tables that it names without one.
        each_day: of dbt: offsets of months move each day by itself.

    Raises:
        UserError: an unknown format, or the file is not of it.
    """
    known_format(source, IMPORTS, "read")
    if source != "dbt" and (schema or each_day):
        option = "--schema" if schema else "--offsets"
        raise UserError(Issue(code="DT203", message=f"{option} is for --from dbt", hint="leave it out"))
    if source == "dbt":
        return import_dbt(path, schema=schema, each_day=each_day)
    if source == "ossie":
        return import_ossie(_document(path))
    return import_databricks(_documents(path))


def _document(path: Path) -> Document:
    return load_yaml(path, shown_as=path.name)


def _documents(path: Path) -> dict[str, Document]:
    if path.is_file():
        return {path.name: _document(path)}
    files = sorted(each for each in path.rglob("*") if each.suffix in (".yml", ".yaml") and each.is_file())
    if not files:
        message = f"no YAML file in {path}" if path.is_dir() else f"no such file or folder: {path}"
        raise UserError(
            Issue(code="DT101", message=message, hint="name a metric view's YAML file, or a folder of them")
        )
    shown = {file.relative_to(path).as_posix(): file for file in files}
    return {name: load_yaml(file, shown_as=name) for name, file in shown.items()}
