"""Every mask with right and wrong input, and a key rotation on a company whose tables join on tokens."""

from __future__ import annotations

import shutil
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from datatrust.core.errors import OutcomeError, UnknownName, UserError
from datatrust.core.kept import keep_release, undo_keep
from datatrust.core.masking import MaskAction, MaskingPolicy
from datatrust.core.release import Release, list_releases, load_release
from datatrust.core.settings import Project
from pipeline.contracts.model import ColumnSpec, ColumnType, Kind
from pipeline.keyring import key_states, retire_key, rotate_key
from pipeline.masking import Masker
from pipeline.run import run_pipeline
from pipeline.tokens import find_tokens
from pipeline.zone import close_zone
from tests.support.members import deliver_club, joined, make_club
from tests.support.projects import copy_project

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark

KEY = b"k" * 40


def masker(action: MaskAction) -> Masker:
    policy = MaskingPolicy(classes={"it": action}, key_variable="K", file="", hash="")
    return Masker(policy=policy, key=KEY)


def generalise(to: str, **options: Any) -> MaskAction:
    return MaskAction(action="generalise", to=to, **options)


COUNTRIES = generalise("group", groups={"Germany": ["Hamburg", "Köln"], "France": ["Paris"]})
# action, kind of the column, what stands in it -> what silver holds
MASKS: list[tuple[MaskAction, Kind, dict[str | None, str | None]]] = [
    (MaskAction(action="redact"), "string", {"Ada": "[redacted]", None: None}),
    (generalise("year"), "date", {"1984-02-29": "1984", None: None}),
    (generalise("year"), "string", {"1984-02-29": "1984", "29.2.1984": None, "1984": None}),
    (generalise("prefix", keep=2), "string", {"20095": "20", "7": "7", None: None}),
    (generalise("band", width=10), "date", {"1980-01-01": "1980-1989", "1989-12-31": "1980-1989"}),
    (generalise("band", width=10), "integer", {"0": "0-9", "39": "30-39", "40": "40-49", "-1": "-10--1"}),
    (generalise("band", width=5), "decimal", {"99.99": "95-99", None: None}),
    (generalise("band", width=5), "string", {"12": "10-14", "a dozen": None}),
    (COUNTRIES, "string", {"Hamburg": "Germany", " KÖLN ": "Germany", "paris": "France", "Rome": "other", None: None}),
    (
        generalise("group", groups={"A": ["x"]}, otherwise="elsewhere"),
        "string",
        {"x": "A", "y": "elsewhere", "": "elsewhere"},
    ),
]  # fmt: skip


def test_every_mask_gives_what_the_policy_says(spark: SparkSession) -> None:
    from pyspark.sql import functions as F  # noqa: N812

    values = sorted({text for _, _, cases in MASKS for text in cases if text is not None})
    picked, places = [], []
    for place, (action, kind, _) in enumerate(MASKS):
        column = ColumnSpec(
            name="v", header="v", type=ColumnType(kind=kind, precision=18, scale=2), pii_class="it"
        )
        own = masker(action)
        masked = own.masked(column, F.col("v").try_cast(column.type.spark))
        assert masked is not None
        picked.append(masked.cast(own.silver_type(column)).cast("string").alias(f"m{place}"))
        places.append((place, own.silver_type(column)))
    frame = spark.createDataFrame([(text,) for text in [*values, None]], "v string")
    rows = {row["v"]: row for row in frame.select("v", *picked).collect()}
    wrong = [
        (action, text, expected, rows[text][f"m{place}"])
        for place, (action, _, cases) in enumerate(MASKS)
        for text, expected in cases.items()
        if rows[text][f"m{place}"] != expected
    ]
    assert wrong == []
    assert [kind for _, kind in places if kind != "string"] == ["int", "int"], "a year is a number"


def test_a_dropped_column_has_no_place_in_silver() -> None:
    own = masker(MaskAction(action="drop"))
    column = ColumnSpec(name="v", header="v", type=ColumnType(kind="string"), pii_class="it")
    assert own.silver_type(column) is None
    assert own.masked(column, None) is None  # type: ignore[arg-type]


APRIL = [("V1", "gold"), ("V2", "plain")]
LATER = [*APRIL, ("V3", "gold"), ("V4", "plain")]


@pytest.fixture(scope="module")
def club(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """One delivery, published; "Ann" is written in two ways."""
    project = make_club(tmp_path_factory.mktemp("club"))
    deliver_club(
        project,
        "2026-04",
        [("ann@club.example", "gold"), ("bob@club.example", "plain")],
        [("V1", "Ann@Club.example"), ("V2", "bob@club.example"), ("V9", "nobody@club.example")],
    )
    run_pipeline(project)
    return project


def test_a_rotation_keeps_every_join(club: Project, capsys: pytest.CaptureFixture[str]) -> None:
    """Before it, while it waits, after a run that died half-way, and after it, with new rows beside old ones."""
    (old,) = key_states(club)
    assert (old.state, old.kept_in) == ("active", ".secrets/masking.key")
    assert joined(club) == APRIL
    with pytest.raises(UserError, match="the one that tokens are made by"):
        retire_key(club, old.id)

    new = rotate_key(club).id
    assert new != old.id
    assert [(s.id, s.state) for s in key_states(club)] == [
        (old.id, "old"),
        (new, "active from the next run on"),
    ]
    for file in club.secrets.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with pytest.raises(UserError, match="has not been used yet"):
        rotate_key(club)
    with pytest.raises(OutcomeError, match=r"release 000001: gold\.dim_members\.member") as kept:
        retire_key(club, old.id)

    def die(_: object) -> list[Any]:
        raise OutcomeError("dead")

    with pytest.raises(OutcomeError, match="dead"):
        run_pipeline(club, business_metrics=die)
    assert joined(club) == APRIL

    deliver_club(club, "2026-05", [("cid@club.example", "plain")], [("V3", "ann@club.example")])
    deliver_club(club, "2026-06", [], [("V4", "cid@club.example")])
    run_pipeline(club)
    assert [release.delivery for release in releases(club)] == ["2026-04", "2026-05", "2026-06"]
    assert joined(club) == LATER
    assert joined(club, "1") == APRIL, "an older release still joins by the old key's tokens"
    control = load_release(club.warehouse).control("visits")
    assert control is not None
    assert (control.valid, control.reasons) == (4, {"reference:email": 1})

    for release, key in (("1", old.id), ("2", new), ("3", new)):
        assert list(find_tokens(club.warehouse, load_release(club.warehouse, release))) == [key]
    keep_release(club.warehouse, "1", reason="year end")
    with pytest.raises(OutcomeError, match="release 000001"):
        retire_key(club, old.id)
    undo_keep(club.warehouse, "1")
    secret = club.secrets / "masking.key"
    hidden = secret.read_text()
    assert retire_key(club, old.id).id == old.id
    assert not secret.exists()
    assert [(s.id, s.state, s.carried_by) for s in key_states(club)] == [
        (
            new,
            "active",
            (
                "gold.dim_members.member",
                "gold.fct_visits.member",
                "silver.members.email",
                "silver.visits.email",
            ),
        )
    ]
    shown = [*capsys.readouterr(), str(kept.value), repr(key_states(club)), repr(rotate_key(club))]
    texts = [
        f.read_text(errors="replace") for f in club.root.rglob("*") if f.is_file() and "secrets" not in str(f)
    ]
    secrets = [hidden, *[f.read_text() for f in club.secrets.iterdir()]]
    assert not [secret for secret in secrets for text in (*shown, *texts) if secret in text]


def test_a_lost_key_stops_the_run_until_another_is_ordered(club: Project, tmp_path: Path) -> None:
    project = copy_project(club, tmp_path / "lost")
    shutil.rmtree(project.secrets)
    with pytest.raises(UserError, match="by which the current release's tokens were made, is gone"):
        run_pipeline(project)
    assert key_states(project)[0].state == "missing"
    rotate_key(project)
    assert [state.state for state in key_states(project)] == ["missing", "active from the next run on"]


def test_a_key_of_the_environment_is_rotated_there(
    club: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = copy_project(club, tmp_path / "environment")
    monkeypatch.setenv("DATATRUST_MASKING_KEY", "e" * 40)
    assert key_states(project)[-1].kept_in == "DATATRUST_MASKING_KEY"
    with pytest.raises(UserError, match="it is rotated there"):
        rotate_key(project)
    with pytest.raises(UnknownName, match='no key "nothing"'):
        retire_key(project, "nothing")


def test_an_open_zone_is_closed_and_said(club: Project, tmp_path: Path) -> None:
    project = copy_project(club, tmp_path / "open")
    zone = project.warehouse / "restricted"
    file = next((zone / "bronze").rglob("*.parquet"))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600, "a run closes what it wrote"
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert close_zone(project.warehouse) is None
    file.chmod(0o644)
    zone.chmod(0o755)
    said = close_zone(project.warehouse)
    assert said == "the restricted zone stood open to other users (mode 755); it is closed again"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert close_zone(tmp_path) is None, "there is no zone yet"


def releases(project: Project) -> list[Release]:
    return [load_release(project.warehouse, str(number)) for number in list_releases(project.warehouse)]
