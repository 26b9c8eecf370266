"""Nobody sees by a replay, a signature or a certificate what their role may not see."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from chatbot.desk import Desk
from chatbot.log import UnknownAnswer
from datatrust.core.errors import AccessDenied, OutcomeError, UserError
from datatrust.core.jsonio import dumps
from datatrust.core.settings import Project
from semantic.access import load_viewer
from semantic.query import EVERYONE, MetricQuery, Viewer
from tests.support.guarded import tables, write_guarded

BY_COUNTRY = MetricQuery(metrics=("revenue",), group_by=("country",), totals=True)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    root: Path = tmp_path_factory.mktemp("rights")
    return write_guarded(root)


@pytest.fixture(scope="module")
def desk(project: Project) -> Desk:
    return Desk.open(project)


@pytest.fixture(scope="module")
def whole(desk: Desk, project: Project) -> str:
    """The id of an answer that the role which sees everything was given."""
    return desk.query(BY_COUNTRY, channel="rest", viewer=load_viewer(project, "whole"))[0]


def unnamed(project: Project, user: str) -> Viewer:
    """The rights of a user on a server without sign-in, where an answer is nobody's own."""
    return replace(load_viewer(project, user=user), user=None)


def test_who_signed_in_reaches_their_own_answers_alone(desk: Desk, project: Project, whole: str) -> None:
    akira, both = load_viewer(project, user="akira"), load_viewer(project, user="both")
    theirs, _ = desk.query(BY_COUNTRY, channel="rest", viewer=both)
    for answer_id in (whole, theirs):
        with pytest.raises(UnknownAnswer):
            desk.replay(answer_id, viewer=akira)
        with pytest.raises(UnknownAnswer):
            desk.sign(answer_id, comment="close", viewer=akira)
        with pytest.raises(UnknownAnswer):
            desk.certificate(answer_id, viewer=akira)


def test_a_replay_shows_what_its_own_reader_may_see(desk: Desk, project: Project, whole: str) -> None:
    known = duckdb.connect()
    known.execute(tables())
    apac = known.execute(
        "select c.country, sum(s.amount) from sales s join customers using (customer) join countries c using (country) "
        "where s.status = 'done' and c.region = 'APAC' group by 1 order by 1"
    ).fetchall()
    found = desk.replay(whole, viewer=unnamed(project, "akira"))
    assert [tuple(row) for row in found.result.rows] == [(c, Decimal(str(v))) for c, v in apac]
    assert not found.equal
    assert {each.what for each in found.changed} >= {"rows", "rights"}
    assert all(each.what != "statement" for each in found.changed), "theirs may name what they limit"
    shown = dumps(found.to_json())
    assert not any(f'"{country}"' in shown for country in ("DE", "FR", "US"))
    assert desk.replay(whole, viewer=load_viewer(project, "whole")).equal


def test_an_answer_of_a_part_replays_for_its_own_asker(desk: Desk, project: Project) -> None:
    akira = load_viewer(project, user="akira")
    answer_id, result = desk.query(BY_COUNTRY, channel="mcp", viewer=akira)
    again = desk.replay(answer_id, viewer=akira)
    assert again.equal
    assert again.result.rows == result.rows
    body = desk.find(answer_id).body
    assert (body["user"], body["role"], body["policy"]) == ("akira", "region", akira.policy)


def test_a_metric_that_is_not_allowed_is_not_replayed(desk: Desk, project: Project) -> None:
    secret = MetricQuery(metrics=("profit",))
    answer_id, _ = desk.query(secret, channel="rest", viewer=load_viewer(project, "whole"))
    for viewer in (load_viewer(project, user="akira"), load_viewer(project, "counter"), EVERYONE):
        with pytest.raises(UserError):
            desk.replay(answer_id, viewer=viewer)


def test_a_signature_and_its_certificate_are_for_the_same_rights(
    desk: Desk, project: Project, whole: str
) -> None:
    akira, owner = unnamed(project, "akira"), load_viewer(project, "whole")
    with pytest.raises(OutcomeError, match="not signed"):
        desk.sign(whole, comment="close", viewer=akira)
    desk.sign(whole, comment="close", viewer=owner, signer="Ana")
    assert desk.certificate(whole, viewer=owner).startswith(b"%PDF-")
    for viewer in (akira, EVERYONE):
        with pytest.raises(AccessDenied):
            desk.certificate(whole, viewer=viewer)
    akira = load_viewer(project, user="akira")
    mine, _ = desk.query(BY_COUNTRY, channel="rest", viewer=akira)
    signed = desk.sign(mine, comment="close", viewer=akira, signer="Somebody Else")
    assert signed.signer == "akira", "who signed in signs as themself"
