"""YAML 1.2 with positions: what PyYAML alone would read wrongly."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml as pyyaml
from hypothesis import example, given
from hypothesis import strategies as st

from datatrust.core.errors import UserError
from datatrust.core.yaml import MAX_BYTES, load_yaml, parse_yaml


def test_only_true_and_false_are_booleans() -> None:
    document = parse_yaml(
        "country: NO\nswitch: on\nflag: true\nstarts: 07-01\nday: 2026-07-01\n", file="a.yml"
    )
    assert document.data == {
        "country": "NO",
        "switch": "on",
        "flag": True,
        "starts": "07-01",
        "day": "2026-07-01",
    }


@pytest.mark.parametrize(
    ("text", "value"), [("1", 1), ("-3", -3), ("2.5", 2.5), ("007", "007"), ("1_000", "1_000"), ("0x1F", "0x1F"),
                        ("12:30:45", "12:30:45"), ("~", None), ("", None), ("'1'", "1")]
)  # fmt: skip
def test_scalars(text: str, value: object) -> None:
    assert parse_yaml(f"a: {text}\n", file="a.yml").data == {"a": value}


def test_positions_of_values_and_keys() -> None:
    document = parse_yaml("metrics:\n  - name: revenue\n    expr: net\n", file="a.yml")
    assert str(document.at("metrics", 0, "expr")) == "a.yml:3:11"
    assert str(document.key_at("metrics", 0, "expr")) == "a.yml:3:5"
    assert str(document.at("metrics", 0, "missing")) == "a.yml:2:5", "the nearest parent that exists"


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("a: 1\nb: 2\na: 3\n", "DT107", "a.yml:3:1"),
        ("a: [1\nb: 2\n", "DT104", "a.yml:2:2"),
        ("a:\n\tb: 1\n", "DT104", "a.yml:2:1"),
        ("a: &x 1\nb: *x\n", "DT106", "a.yml:1:4"),
        ("? [1, 2]\n: b\n", "DT104", "a.yml:1:3"),
    ],
)
def test_faults_have_a_place(text: str, code: str, place: str) -> None:
    with pytest.raises(UserError) as caught:
        parse_yaml(text, file="a.yml")
    (issue,) = caught.value.issues
    assert (issue.code, str(issue.at)) == (code, place)


def test_every_duplicate_key_is_said_at_once() -> None:
    with pytest.raises(UserError) as caught:
        parse_yaml("a: 1\na: 2\nb: {c: 1, c: 2}\n", file="a.yml")
    assert [str(issue.at) for issue in caught.value.issues] == ["a.yml:2:1", "a.yml:3:11"]


def test_a_bomb_of_aliases_is_refused_before_it_grows() -> None:
    levels = "\n".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, 12))
    with pytest.raises(UserError, match="anchors"):
        parse_yaml(f"l0: &l0 [x]\n{levels}\n", file="bomb.yml")


def test_deep_nesting_is_refused() -> None:
    with pytest.raises(UserError, match="too deeply"):
        parse_yaml("[" * 200 + "]" * 200, file="deep.yml")


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"a: \xff\n", "not UTF-8"), (b"#" * (MAX_BYTES + 1), "at most"), (None, "no such file")],
)
def test_files_that_cannot_be_read(tmp_path: Path, content: bytes | None, words: str) -> None:
    file = tmp_path / "a.yml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(UserError, match=words):
        load_yaml(file)


@given(text=st.text(alphabet="ab*& -:,[]{}\n\"'!(\ufeff", max_size=30))
@example(text='{"a":*b}')
@example(text="\ufeff&a b")
def test_no_text_with_an_anchor_or_alias_gets_by(text: str) -> None:
    try:
        events = list(pyyaml.parse(text))
    except pyyaml.YAMLError:
        return
    named = any(isinstance(each, pyyaml.AliasEvent) or getattr(each, "anchor", None) for each in events)
    try:
        parse_yaml(text, file="a.yml")
        codes = []
    except UserError as error:
        codes = [issue.code for issue in error.issues]
    assert ("DT106" in codes) == named


def test_a_product_is_no_alias() -> None:
    assert parse_yaml("a: price * quantity\nb: count(*)\n", file="a.yml").data == {
        "a": "price * quantity",
        "b": "count(*)",
    }
