"""Keys and tokens without Spark: what a rotation refuses, and tokens that hide nothing, on hand-made tables."""

from __future__ import annotations

import datetime as dt
import re
import stat
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from datatrust.cli import main
from datatrust.core.errors import OutcomeError, UserError
from datatrust.core.masking import load_masking_policy
from datatrust.core.release import Quality, Release, publish_release
from datatrust.core.settings import Project
from pipeline.contracts import load_contracts
from pipeline.keyring import KEY_HASH, active_key_id, key_states, open_key, retire_key, rotate_key
from pipeline.lock import hold_lock
from pipeline.run import _Run
from pipeline.tables import pin_table
from pipeline.tokens import check_stored_tokens, find_tokens
from tests.support.members import make_club


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_club(tmp_path)


def token(key: str, value: int) -> str:
    return f"tok_{key}_{value:064x}"


def publish(project: Project, key: str, emails: list[str | None], *, number: int = 1) -> Release:
    """A release whose silver.members has these tokens, by a key."""
    folder = project.warehouse / "silver/members"
    folder.parent.mkdir(parents=True, exist_ok=True)
    table = pa.table({"email": pa.array(emails, pa.string()), "level": ["tok_free text"] * len(emails)})
    write_deltalake(str(folder), table, mode="overwrite")
    release = Release(
        number=number,
        created_at=dt.datetime(2026, 7, number, tzinfo=dt.UTC),
        tables={"silver.members": pin_table(project.warehouse, "silver.members")},
        quality=Quality(status="passed"),
        hashes={KEY_HASH: key},
    )
    publish_release(project.warehouse, release)
    return release


def test_the_first_key_is_made_once_and_for_its_owner_alone(project: Project) -> None:
    policy = load_masking_policy(project)
    assert active_key_id(project) == ""
    with pytest.raises(UserError, match="there is no key yet"):
        rotate_key(project)
    first = open_key(project, policy)
    assert open_key(project, policy) == first
    assert active_key_id(project) == first.id
    assert first.path is not None
    assert first.secret.decode() not in repr(first)
    first.path.chmod(0o644)
    project.secrets.chmod(0o755)
    open_key(project, policy)
    assert stat.S_IMODE(first.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(project.secrets.stat().st_mode) == 0o700


def test_a_key_goes_when_nothing_carries_its_tokens(project: Project) -> None:
    old = open_key(project, load_masking_policy(project)).id
    publish(project, old, [token(old, 1), None, "tok_no_token"])
    new = rotate_key(project).id
    with pytest.raises(OutcomeError, match=r"release 000001: silver\.members\.email"):
        retire_key(project, old)
    publish(project, new, [token(new, 1), token(old, 2)], number=2)
    with pytest.raises(OutcomeError, match=r"release 000002: silver\.members\.email"):
        retire_key(project, old)
    release = publish(project, new, [token(new, 1), None], number=3)
    assert find_tokens(project.warehouse, release) == {new: ("silver.members.email",)}
    assert find_tokens(project.warehouse, replace(release, tables={})) == {}
    assert retire_key(project, old).id == old
    assert [(state.id, state.state) for state in key_states(project)] == [(new, "active")]
    third = rotate_key(project)
    assert third.path is not None
    assert third.path.name == "masking.3.key"


def test_no_key_is_changed_while_a_run_is_at_work(project: Project) -> None:
    old = open_key(project, load_masking_policy(project)).id
    with hold_lock(project.warehouse):
        for change in (rotate_key, lambda p: retire_key(p, old)):
            with pytest.raises(OutcomeError, match="another run is writing"):
                change(project)


@pytest.mark.parametrize(
    ("rows", "values", "is_weak"), [(199, 2, False), (200, 19, True), (200, 20, False), (200, 200, False)]
)
def test_few_tokens_in_many_rows_hide_nothing(
    project: Project, rows: int, values: int, is_weak: bool
) -> None:
    emails = [token("0" * 8, number % values) for number in range(rows)]
    release = publish(project, "0" * 8, [*emails, None])
    specs, policy = load_contracts(project), load_masking_policy(project)
    issues = list(check_stored_tokens(project.warehouse, release, specs, policy))
    assert bool(issues) == is_weak
    assert main(["--project", str(project.root), "source", "check"]) == (2 if is_weak else 0)


def test_the_policy_says_how_many_values_are_enough(project: Project) -> None:
    text = project.masking_policy.read_text(encoding="utf-8")
    release = publish(project, "0" * 8, [token("0" * 8, number % 15) for number in range(200)])
    for few, is_weak in ((15, False), (16, True), (21, False)):  # ten rows a value are needed to tell
        project.masking_policy.write_text(f"{text}\ntokens: {{fewest_values: {few}}}\n", encoding="utf-8")
        policy = load_masking_policy(project)
        issues = list(check_stored_tokens(project.warehouse, release, load_contracts(project), policy))
        assert bool(issues) == is_weak


@pytest.mark.parametrize("tokens", ["{fewest_values: few}", "{fewest: 3}", "3", "{fewest_values: 0}"])
def test_a_wrong_number_of_values_is_named(project: Project, tokens: str) -> None:
    text = project.masking_policy.read_text(encoding="utf-8")
    project.masking_policy.write_text(f"{text}\ntokens: {tokens}\n", encoding="utf-8")
    with pytest.raises(UserError, match="DT480"):
        load_masking_policy(project)


def test_tokens_that_hide_nothing_stop_the_publish(project: Project) -> None:
    candidate = publish(project, "0" * 8, [token("0" * 8, number % 3) for number in range(200)])
    run = object.__new__(_Run)
    run.warehouse, run.specs = project.warehouse, load_contracts(project)
    run.policy = load_masking_policy(project)
    with pytest.raises(OutcomeError, match="the release is refused") as refused:
        run._check_tokens(candidate)
    assert "silver.members.email holds 3 different tokens in 200 rows" in str(refused.value)


def test_the_commands(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    base = ["--project", str(project.root), "masking"]
    assert main([*base, "status"]) == 0
    assert "there is no key yet" in capsys.readouterr().out
    key = open_key(project, load_masking_policy(project))
    publish(project, key.id, [token(key.id, 1)])
    assert main([*base, "rotate"]) == 0
    assert main([*base, "status", "--json"]) == 0
    assert main([*base, "retire", key.id]) == 1
    assert main([*base, "retire", "nothing"]) == 2
    publish(project, active_key_id(project), [None], number=2)
    assert main([*base, "retire", key.id]) == 0
    said = "".join(capsys.readouterr())
    assert "the next run makes every token by it" in said
    assert key.secret.decode() not in said


def test_the_audit_asks_for_tokens_of_this_run_s_key_only(project: Project) -> None:
    """Trap: a token of an older key looks well made, and joins with nothing."""
    from pipeline.audit import plan_checks

    specs, policy = load_contracts(project), load_masking_policy(project)
    checks = plan_checks(specs, policy, (), today=dt.date(2026, 6, 30), key_id="a" * 8)
    patterns = {check.table: check.arguments["regex"] for check in checks if check.says == "token"}
    assert set(patterns) == {"silver.members", "silver.visits"}
    for pattern in patterns.values():
        assert re.match(pattern, token("a" * 8, 1))
        assert not re.match(pattern, token("b" * 8, 1))
