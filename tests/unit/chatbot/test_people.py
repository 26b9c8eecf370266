"""Who may sign in: what is kept of them, how they are checked, and what guessing costs."""

from __future__ import annotations

import io
import sqlite3
import time
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from chatbot.signin import passwords
from chatbot.signin.passwords import Throttle
from chatbot.signin.people import FILE, FOLDER, TOKEN_PREFIX, People, PeopleUnavailable
from chatbot.signin.reception import Reception
from chatbot.signin.rights import viewer_of
from datatrust.cli import main
from datatrust.core.errors import AccessDenied, UserError
from datatrust.core.jsonio import loads
from datatrust.core.settings import SignIn
from semantic.policy import User
from tests.support.guarded import POLICY, write_guarded, write_policy

RIGHT, OTHER = "a right long password", "quite another password"


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    monkeypatch.setattr(passwords, "_nobody", [])


@pytest.fixture
def people(tmp_path: Path) -> People:
    made = People(tmp_path / FOLDER)
    made.add("ana@example.com", RIGHT)
    return made


def test_a_password_is_kept_as_an_argon2id_hash_that_others_cannot_read(people: People) -> None:
    file = people.folder / FILE
    content = b"".join(each.read_bytes() for each in people.folder.iterdir())
    assert b"$argon2id$" in content
    assert RIGHT.encode() not in content
    assert file.stat().st_mode & 0o077 == 0
    assert people.folder.stat().st_mode & 0o077 == 0


def test_the_right_password_of_the_right_person(people: People) -> None:
    found = people.check("ANA@example.com", RIGHT)
    assert found is not None
    assert found.name == "ana@example.com", "the name as it was given, for the access policy"
    for name, password in (
        ("ana@example.com", OTHER), ("ana@example.com", ""), ("nobody", RIGHT), ("", ""), ("' or 1=1 --", RIGHT),
        ("ana@example.com", RIGHT + "\0"), ("ana@example.com", "\ud800"), ("a" * 100_000, RIGHT), ("ana@example.com", "x" * 100_000),
    ):  # fmt: skip
        assert people.check(name, password) is None, (name[:20], password[:20])


def test_an_unknown_name_costs_as_much_as_a_wrong_password(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trap: an answer that comes at once says that nobody has the name."""
    people.set_disabled("ana@example.com", False)
    people.admit(User(name="oscar", roles=()), subject="issuer 1")
    people.check("nobody", OTHER)
    checked: list[str] = []
    real = passwords._hasher

    class Counting:
        def verify(self, known: str, password: bytes) -> bool:
            checked.append(known.split("$")[3])
            return real.verify(known, password)

    monkeypatch.setattr(passwords, "_hasher", Counting())
    for name in ("ana@example.com", "nobody", "oscar", ""):
        people.check(name, OTHER)
    assert len(checked) == 4
    assert len(set(checked)) == 1, "each with the same cost"


@pytest.mark.parametrize("password", ["short", "x" * 30, "ana@example.com", "y" * 1_001, ""])
def test_a_weak_password_is_refused(people: People, password: str) -> None:
    with pytest.raises(UserError, match="DT380"):
        people.change_password("ana@example.com", password)


@pytest.mark.parametrize("name", ["", "a b", "x" * 101, "an\na", "../x", "a;b", "é"])
def test_a_name_that_is_none_is_refused(people: People, name: str) -> None:
    with pytest.raises(UserError, match="DT381"):
        people.add(name, RIGHT)


def test_a_taken_name_and_that_of_somebody_removed_are_refused(people: People) -> None:
    """Trap: who gets a removed person's name would see what they asked."""
    with pytest.raises(UserError, match="there already"):
        people.add("ANA@example.com", OTHER)
    people.remove("ana@example.com")
    assert people.check("ana@example.com", RIGHT) is None
    with pytest.raises(UserError, match="was removed"):
        people.add("ana@example.com", OTHER)
    with pytest.raises(UserError, match="belongs to somebody else"):
        people.admit(User(name="ana@example.com", roles=()), subject="issuer 7")
    people.add("ana@example.com", OTHER, is_same_person=True)
    assert people.check("ana@example.com", OTHER) is not None


def test_sessions_and_tokens_end_with_what_they_rest_on(people: People) -> None:
    def opened() -> tuple[str, str]:
        return people.open_session("ana@example.com", seconds=60), people.make_token(
            "ana@example.com", days=1
        )[0]

    def valid(session: str, token: str) -> tuple[bool, bool]:
        return people.of_session(session) is not None, people.of_token(token) is not None

    pair = opened()
    assert valid(*pair) == (True, True)
    assert people.change_password("ana@example.com", OTHER) == 1
    assert valid(*pair) == (False, False)
    pair = opened()
    people.set_disabled("ana@example.com", True)
    assert valid(*pair) == (False, False)
    assert people.check("ana@example.com", OTHER) is None
    people.set_disabled("ana@example.com", False)
    assert valid(*pair) == (False, False), "what ended does not come back"
    pair = opened()
    people.end_session(pair[0])
    assert valid(*pair) == (False, True)
    assert people.revoke("ana@example.com") == 1
    pair = opened()
    people.remove("ana@example.com")
    assert valid(*pair) == (False, False)


def test_what_expired_is_out(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    session, (token, kept) = (
        people.open_session("ana@example.com", seconds=60),
        people.make_token("ana@example.com", days=1),
    )
    assert token.startswith(TOKEN_PREFIX)
    assert [each.id for each in people.tokens()] == [kept.id]
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 61)
    assert people.of_session(session) is None
    assert people.of_token(token) is not None
    monkeypatch.setattr(time, "time", lambda: now + 86_401)
    assert people.of_token(token) is None
    assert people.tokens() == []


def test_the_file_lets_nobody_in(people: People) -> None:
    """What is kept of sessions and tokens is no session and no token."""
    people.open_session("ana@example.com", seconds=60)
    people.make_token("ana@example.com", days=1)
    rows = sqlite3.connect(people.folder / FILE).execute(
        "select hash from sessions union all select hash from tokens"
    )
    for (kept,) in rows.fetchall():
        assert people.of_session(kept) is None
        assert people.of_token(kept) is None
        assert people.of_token(TOKEN_PREFIX + kept) is None


def test_two_processes_see_each_other(people: People) -> None:
    session = people.open_session("ana@example.com", seconds=60)
    beside = People(people.folder)
    beside.set_disabled("ana@example.com", True)
    assert people.of_session(session) is None


def test_a_provider_vouches_for_one_account_only(people: People) -> None:
    """Trap: an account elsewhere that takes the name of somebody here would be them."""
    with pytest.raises(UserError, match="belongs to somebody else"):
        people.admit(User(name="ana@example.com", roles=()), subject="issuer 1")
    first = people.admit(
        User(name="oscar", roles=("sales",), attributes={"region": ("EMEA",)}), subject="issuer 1"
    )
    assert first.given == User(name="oscar", roles=("sales",), attributes={"region": ("EMEA",)})
    with pytest.raises(UserError, match="belongs to somebody else"):
        people.admit(User(name="Oscar", roles=()), subject="issuer 2")
    with pytest.raises(UserError, match="signed in as"):
        people.admit(User(name="oskar", roles=()), subject="issuer 1")
    people.set_disabled("oscar", True)
    with pytest.raises(UserError, match="any more"):
        people.admit(User(name="oscar", roles=()), subject="issuer 1")
    assert people.check("oscar", "") is None


def test_a_damaged_file_lets_nobody_in(people: People) -> None:
    people.close()
    for each in people.folder.iterdir():
        each.unlink()
    (people.folder / FILE).write_bytes(b"not a database, but long enough to be read as one" * 100)
    with pytest.raises(PeopleUnavailable, match="nobody is let in"):
        people.check("ana@example.com", RIGHT)


# --------------------------------------------------------------------------------------------------- guessing


def test_guessing_waits_and_the_right_one_forgives() -> None:
    now = [0.0]
    throttle = Throttle(lambda: now[0])
    for _ in range(Throttle.PAIR):
        assert throttle.wait("ana", "1.2.3.4") == 0
        throttle.note("ana", "1.2.3.4")
    assert 0 < throttle.wait("ANA", "1.2.3.4") <= Throttle.SECONDS
    assert throttle.wait("ana", "9.9.9.9") == 0, "the person at their own desk gets in"
    assert throttle.wait("bob", "1.2.3.4") == 0
    now[0] += Throttle.SECONDS + 1
    assert throttle.wait("ana", "1.2.3.4") == 0
    for _ in range(200):  # an office behind one address, whose people know their passwords
        throttle.note("ana", "1.2.3.4")
        throttle.forget("ana", "1.2.3.4")
    assert throttle.wait("ana", "1.2.3.4") == 0


def test_many_addresses_or_many_names_wait_too() -> None:
    throttle = Throttle(lambda: 0.0)
    for at in range(Throttle.NAME):
        throttle.note("ana", f"10.0.0.{at}")
    assert throttle.wait("ana", "10.9.9.9") > 0
    for at in range(Throttle.ADDRESS):
        throttle.note(f"guess{at}", "10.1.1.1")
    assert throttle.wait("somebody", "10.1.1.1") > 0
    assert throttle.wait("somebody", "10.1.1.2") == 0


def test_the_count_of_guesses_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Throttle, "MOST_KEPT", 50)
    throttle = Throttle(lambda: 0.0)
    for at in range(500):
        throttle.note(f"n{at}", "a")
    assert len(throttle._wrong) == 50


# --------------------------------------------------------------------------------------------- cookies, rights


def test_a_cookie_that_was_altered_or_sealed_elsewhere_is_nobodys(people: People, tmp_path: Path) -> None:
    project = write_guarded(tmp_path)
    mine = Reception(project, SignIn(), people)
    cookie = mine.sign_in(people.find("ana@example.com"))
    found = mine.asker_of(cookie)
    assert found is not None
    assert found.name == "ana@example.com"
    secret, *rest = cookie.split(".")
    sealed = rest[-1]  # altered where it begins: its last letter has bits that say nothing
    for wrong in (
        None, "", f"{secret}.{rest[0]}.{'A' if sealed[0] != 'A' else 'B'}{sealed[1:]}", "A" + cookie[1:], secret, ".".join(rest), cookie * 20,
        f"{secret}.AAAAAA.{rest[-1]}", mine.seal("ana@example.com"), found.session, "é", "\0",
    ):  # fmt: skip
        assert mine.asker_of(wrong) is None, wrong
    (people.folder / "key").unlink()
    other = Reception(project, SignIn(), people)
    assert other.asker_of(cookie) is None, "another key"


def test_rights_are_those_of_the_policy_or_of_the_provider(tmp_path: Path) -> None:
    project = write_guarded(tmp_path)
    people = People.of(project)
    people.add("akira", RIGHT)
    people.add("stranger", RIGHT)
    people.admit(User(name="oscar", roles=("region",), attributes={"region": ("AMER",)}), subject="issuer 1")
    people.admit(User(name="olga", roles=("boss",)), subject="issuer 2")
    akira, oscar = (viewer_of(project, user=name) for name in ("akira", "oscar"))
    assert akira.access is not None
    assert oscar.access is not None
    assert (akira.role, akira.user, akira.access.rows) == ("region", "akira", ("countries.region = 'APAC'",))
    assert (oscar.role, oscar.user, oscar.access.rows) == ("region", "oscar", ("countries.region = 'AMER'",))
    for name in ("stranger", "olga", "never here"):
        with pytest.raises(AccessDenied):
            viewer_of(project, user=name)
    write_policy(project, POLICY.replace("akira: {roles: [region]", "akari: {roles: [region]"))
    with pytest.raises(AccessDenied, match="does not know this user"):
        viewer_of(project, user="akira")


def test_without_a_policy_a_person_has_a_name_and_sees_all(tmp_path: Path) -> None:
    project = write_guarded(tmp_path)
    project.access_policy.unlink()
    viewer = viewer_of(project, user="akira")
    assert (viewer.user, viewer.access) == ("akira", None)


# ------------------------------------------------------------------------------------------------ command line


def test_the_commands(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    project = write_guarded(tmp_path)
    monkeypatch.setenv("DATATRUST_LOG", "debug")

    def run(*words: str, typed: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        code = main(["--project", str(project.root), "user", *words])
        said = capsys.readouterr()
        assert RIGHT not in said.out + said.err
        assert OTHER not in said.out + said.err
        return code, said.out, said.err

    assert run("list")[1].startswith("nobody may sign in yet")
    assert run("add", "akira", typed=RIGHT + "\n") == (0, "akira may sign in\n", "")
    assert "sees nothing yet" in run("add", "bert", typed=RIGHT)[2]
    assert run("add", "akira", typed=OTHER)[0] == 2
    assert run("add", "carl", typed="short\n")[0] == 2
    code, secret, told = run("token", "akira", "--days", "7", "--label", "nightly")
    assert code == 0
    assert People.of(project).of_token(secret.strip()) is not None
    assert secret.strip() not in told
    code, listed, _ = run("list", "--json")
    assert loads(listed)[0] == {
        "name": "akira",
        "signs_in": "password",
        "roles": ["region"],
        "disabled": False,
        "tokens": 1,
    }
    assert "nightly" in run("tokens")[1]
    assert secret.strip() not in run("tokens", "--json")[1]
    assert run("revoke", "akira", "nothing")[0] == 2
    assert run("revoke", "akira") == (0, "1 token revoked\n", "")
    assert run("password", "akira", typed=OTHER + "\n")[0] == 0
    assert People.of(project).check("akira", OTHER) is not None
    assert "did you mean: akira" in run("disable", "akirra")[2]
    assert run("disable", "akira")[0] == 0
    assert "disabled" in run("list")[1]
    assert run("token", "akira")[0] == 2
    assert run("enable", "akira")[0] == 0
    assert run("remove", "akira")[0] == 0
    assert "akira" not in run("list")[1]
    assert run("password", "nobody", typed=OTHER)[0] == 2
