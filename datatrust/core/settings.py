"""Find a project and read its `configs/pipeline_config.json`; the only place that knows where things lie.

Refuses unknown keys and wrong types, every one at once, with line and column. Reads no environment but the
few names in `Environment`.
Layer: core. Knows paths, never what is in the files.
"""

from __future__ import annotations

import datetime as dt
import json
import os
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from datatrust.core.errors import UserError
from datatrust.core.issues import Issue, SourcePosition, did_you_mean
from datatrust.core.yaml import Document, parse_yaml

CONFIG_FILE = Path("configs") / "pipeline_config.json"


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SourceEntry(_Section):
    """One source as `sources` may list it; all but the contract can also stand in the contract."""

    name: str | None = None
    contract: str
    reader: str | None = None
    load_mode: Literal["append", "snapshot", "upsert", "scd2"] | None = None


class SourceInclude(_Section):
    """`{"include": "contracts/*.yml"}`: every contract file that matches is a source."""

    include: str


class Policies(_Section):
    """Where the policy files stand, relative to the config's folder."""

    masking: str = "policies/masking.yml"
    access: str = "policies/access.yml"
    restricted: str = "policies/restricted.yml"


class Engine(_Section):
    """How Spark runs: a master and extra Spark settings."""

    master: str = "local[*]"
    spark: dict[str, str] = Field(default_factory=dict)


class Publish(_Section):
    """When a run may publish: at most this share of a source's new rows may be quarantined (1.0: any)."""

    max_quarantined_share: float = Field(default=1.0, ge=0, le=1)


class Alerts(_Section):
    """What is worth an alert. The receiver's address is a secret and stands elsewhere."""

    quarantined_share: float = Field(default=0.05, ge=0, le=1)  # of a source's new rows; above it an alert
    repeat_hours: float = Field(default=24, ge=0)  # the same alert is not sent again before


class LineageEvents(_Section):
    """OpenLineage events of each run: written to the logs, and sent to `url`, if there is one (its key is a secret)."""

    enabled: bool = True
    namespace: str | None = Field(default=None, min_length=1)  # none: "datatrust:" and the project's name
    url: str | None = Field(default=None, pattern=r"^https?://[^\s?#@]+$")
    endpoint: str = Field(default="api/v1/lineage", min_length=1)


class Retain(_Section):
    """Which releases keep their files: so many of the newest, and each for so many days after the next one came."""

    releases: int = Field(default=30, ge=1)
    days: float = Field(default=90, ge=0)


class Maintenance(_Section):
    """What `datatrust maintain` does. Names of tables may hold wildcards ("gold.*")."""

    tables: tuple[str, ...] = ("gold.*", "silver.*", "ops.*", "restricted.*")  # whose files are put together
    z_order: dict[str, tuple[str, ...]] = Field(default_factory=dict)  # table -> columns; none: not clustered
    small_file_mb: float = Field(default=8, gt=0)
    small_files: int = Field(default=10, ge=2)  # a table with as many small files is rewritten
    target_file_mb: float = Field(default=64, gt=0)
    compression: Literal["zstd", "snappy", "gzip"] = "zstd"
    retain: Retain = Retain()
    orphan_hours: float = Field(
        default=24, ge=0
    )  # a file that no commit names may belong to one in the making
    price_per_gb_month: Decimal = Field(default=Decimal("0.023"), ge=0)
    currency: str = "USD"

    @model_validator(mode="after")
    def _check_sizes(self) -> Maintenance:
        if self.target_file_mb < 2 * self.small_file_mb:
            raise ValueError("target_file_mb must be at least twice small_file_mb")
        return self


class AnomalyRule(_Section):
    """One gold table of rows that lie far from the others, found by KMeans over `features` of another."""

    input: str  # "gold.fct_sales"
    key: tuple[str, ...] = Field(min_length=1)  # names one row
    features: tuple[str, ...] = Field(min_length=1)
    columns: tuple[str, ...] = ()  # of the input, kept beside the key and the features
    where: str | None = None  # SQL over the input's columns: which rows count
    relative_to: tuple[
        str, ...
    ] = ()  # features are taken beside the median of the rows with the same values here
    scale: Literal["log", "linear"] = "log"
    k: int = Field(default=2, ge=1, le=20)
    seed: int = 42
    threshold: float = Field(default=4.5, gt=0)
    min_share: float = Field(default=0.05, ge=0, lt=1)  # a cluster with a smaller share of rows is not usual
    fit_rows: int = Field(default=100_000, ge=100)  # KMeans sees every n-th row of more


class Serving(_Section):
    """How questions are answered.

    `connection` stands a project on another tool's tables (duckdb://, databricks://) or names a Spark server that
    reads releases (sc://). `engine` is what the connection says, and duckdb without one.
    """

    connection: str | None = None
    engine: Literal["duckdb", "spark", "databricks"] | None = None
    max_rows: int = Field(default=10_000, ge=1)
    timeout_seconds: float = Field(default=30, gt=0)
    memory_mb: int = Field(default=2048, ge=64)


class Display(_Section):
    """How numbers look to readers; exports, REST and certificates' hashes hold the values themselves."""

    negatives: Literal["minus", "parentheses"] = "minus"


class OpenId(_Section):
    """Signing in with an account of an OpenID Connect provider; the client's secret is in the environment."""

    issuer: str = Field(pattern=r"^https?://[^\s?#]+$")
    client_id: str = Field(min_length=1)
    label: str = "company account"  # what its button says: "Sign in with your …"
    scopes: tuple[str, ...] = ("openid", "email", "profile")
    name_claim: str = "email"  # what the access policy and the answer log call the person
    roles_claim: str | None = None  # None: the roles are those that the access policy gives to the name
    roles: dict[str, str] = Field(
        default_factory=dict
    )  # value of that claim -> role; none: they are the roles
    attributes: dict[str, str] = Field(default_factory=dict)  # attribute of the access policy -> claim
    sign_out: bool = True  # who signs out here is sent to sign out at the provider, where it offers that

    @model_validator(mode="after")
    def _check_claims(self) -> OpenId:
        if (self.roles or self.attributes) and self.roles_claim is None:
            raise ValueError("roles and attributes need roles_claim")
        if "openid" not in self.scopes:
            raise ValueError("scopes must hold openid")
        return self


class SignIn(_Section):
    """Who may reach the server. It asks for sign-in where this stands, or a person was added."""

    address: str | None = Field(default=None, pattern=r"^https?://[^\s/?#]+$")  # as people type it
    hours: float = Field(default=12, gt=0, le=24 * 30)  # until a sign-in ends by itself
    questions_a_minute: int = Field(default=60, ge=1)  # of one person, over all doors
    questions_at_once: int = Field(default=4, ge=1)
    openid: OpenId | None = None


class Config(_Section):
    """`pipeline_config.json`. Paths are relative to the project, those of contracts and policies to `configs/`."""

    name: str | None = None
    title: str | None = None
    today: str = "clock"  # an ISO date, or "clock"
    raw: str = "data/raw"
    deliveries: Literal["single", "folder"] = (
        "single"  # folder: each folder of raw files is a release of its own
    )
    warehouse: str = "warehouse"
    state: str = ".datatrust"  # index, answer log, exports
    logs: str = "logs"
    sources: SourceInclude | tuple[SourceEntry | SourceInclude, ...] = ()
    policies: Policies = Policies()
    dbt: str = "pipeline/dbt"
    catalog: str = "semantic/catalog"
    engine: Engine = Engine()
    publish: Publish = Publish()
    alerts: Alerts = Alerts()
    lineage_events: LineageEvents = LineageEvents()
    maintenance: Maintenance = Maintenance()
    anomalies: dict[Annotated[str, Field(pattern=r"^gold\.[a-z_][a-z0-9_]*$")], AnomalyRule] = Field(
        default_factory=dict
    )
    serving: Serving = Serving()
    display: Display = Display()
    sign_in: SignIn | None = None


@dataclass(frozen=True, kw_only=True)
class Project:
    """A project folder and its settings, with every path made absolute."""

    root: Path
    config: Config

    @property
    def name(self) -> str:
        return self.config.name or self.root.name

    @property
    def title(self) -> str:
        return self.config.title or self.name.replace("_", " ").title()

    @property
    def config_file(self) -> Path:
        return self.root / CONFIG_FILE

    @property
    def configs(self) -> Path:
        return self.root / "configs"

    @property
    def raw(self) -> Path:
        override = os.environ.get("DATATRUST_RAW")
        return Path(override).resolve() if override else (self.root / self.config.raw).resolve()

    @property
    def warehouse(self) -> Path:
        return (self.root / self.config.warehouse).resolve()

    @property
    def state(self) -> Path:
        return (self.root / self.config.state).resolve()

    @property
    def logs(self) -> Path:
        return (self.root / self.config.logs).resolve()

    @property
    def catalog(self) -> Path:
        return (self.root / self.config.catalog).resolve()

    @property
    def dbt(self) -> Path:
        return (self.root / self.config.dbt).resolve()

    @property
    def masking_policy(self) -> Path:
        return self.configs / self.config.policies.masking

    @property
    def access_policy(self) -> Path:
        return self.configs / self.config.policies.access

    @property
    def restricted_policy(self) -> Path:
        return self.configs / self.config.policies.restricted

    @property
    def secrets(self) -> Path:
        """Folder of the local masking key, mode 0700, never committed."""
        return self.root / ".secrets"

    def today(self) -> dt.date:
        """Return the day that relative dates count from: a fixed one of the data, or the clock's."""
        if self.config.today == "clock":
            return dt.datetime.now(tz=dt.UTC).astimezone().date()
        return dt.date.fromisoformat(self.config.today)

    def shown(self, path: Path) -> str:
        """Return `path` as a person of this project would write it: relative to its root where it is inside."""
        try:
            return str(path.resolve().relative_to(self.root))
        except ValueError:
            return str(path)


def find_project(start: Path | None = None) -> Path:
    """Return the nearest folder upward from `start` (default: the current one) that holds a config.

    Raises:
        UserError: there is none.
    """
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / CONFIG_FILE).is_file():
            return folder
    raise UserError(
        Issue(
            code="DT110",
            message=f"no project here: no {CONFIG_FILE} in {here} or above it",
            hint="name one: datatrust --project DIR …",
        )
    )


def load_project(root: Path) -> Project:
    """Read the project at `root`.

    Raises:
        UserError: no config, not JSON, an unknown key or a wrong type; every issue at once.
    """
    root = root.resolve()
    file = root / CONFIG_FILE
    shown = str(CONFIG_FILE)
    if not file.is_file():
        raise UserError(
            Issue(
                code="DT110",
                message=f"no such file in {root}",
                at=SourcePosition(file=shown),
                hint="a project is a folder with this file in it",
            )
        )
    document = load_json(file, shown_as=str(file))
    if not isinstance(document.data, dict):
        raise UserError(Issue(code="DT111", message="must be a JSON object", at=document.at()))
    try:
        config = Config.model_validate(document.data)
    except ValidationError as error:
        raise UserError.all(pydantic_issues(error, document, Config)) from None
    if config.today != "clock":
        try:
            dt.date.fromisoformat(config.today)
        except ValueError:
            raise UserError(
                Issue(
                    code="DT111",
                    message=f'today: "{config.today}" is neither "clock" nor a date like 2026-06-30',
                    at=document.at("today"),
                )
            ) from None
    return Project(root=root, config=config)


def load_json(path: Path, *, shown_as: str) -> Document:
    """Read a JSON file with positions.

    Raises:
        UserError: not JSON; with the line and column of the first fault.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        json.loads(text)
    except json.JSONDecodeError as error:
        at = SourcePosition(file=shown_as, line=error.lineno, column=error.colno)
        raise UserError(Issue(code="DT111", message=f"not valid JSON: {error.msg}", at=at)) from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(
            Issue(
                code="DT101",
                message=f"cannot be read: {type(error).__name__}",
                at=SourcePosition(file=shown_as),
            )
        ) from None
    return parse_yaml(text.replace("\t", " "), file=shown_as)  # JSON is YAML, but for tabs


def pydantic_issues(error: ValidationError, document: Document, model: type[BaseModel]) -> list[Issue]:
    """Return pydantic's findings as Issues: where in the file, what, and the nearest right key."""
    issues = []
    for found in error.errors():
        path = tuple(part for part in found["loc"] if not _is_union_tag(part))
        name = ".".join(str(part) for part in path)
        suggestion = None
        at = document.at(*path)
        if found["type"] == "extra_forbidden":
            at = document.key_at(*path)
            suggestion = did_you_mean(str(path[-1]), _field_names(model, path[:-1]))
            message = f'unknown key "{name}"'
        elif found["type"] == "missing":
            message = f'"{name}" is missing'
        else:
            given = found.get("input")
            shown = f", not {given!r}" if isinstance(given, str | int | float | bool) else ""
            message = f"{name}: {found['msg'].lower().replace('input should be', 'must be')}{shown}"
        issues.append(Issue(code="DT111", message=message, at=at, suggestion=suggestion))
    return issues


def _is_union_tag(part: Any) -> bool:
    """Pydantic puts the class of a tried union member into the path; it is no key of the file."""
    return isinstance(part, str) and (part[:1].isupper() or part.startswith(("tuple[", "list[", "function-")))


def _field_names(model: type[BaseModel], path: tuple[Any, ...]) -> list[str]:
    current: Any = model
    for part in path:
        field = getattr(current, "model_fields", {}).get(part)
        if field is None:
            break
        current = field.annotation
    names = getattr(current, "model_fields", None) or model.model_fields
    return [info.alias or name for name, info in names.items()]
