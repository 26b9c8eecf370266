"""The index of stored values and words finds what a plain scan of them finds, and no more."""

from __future__ import annotations

import random
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz import process
from rapidfuzz.distance import OSA

from chatbot.planner.spelling import Spelling
from chatbot.planner.stored import LONGEST, StoredValues, cut
from chatbot.planner.tokens import phrase_tokens

OWNERS = (("sales", "customer"), ("sales", "product"))
PIECES = st.sampled_from(
    ["Nord", "wind", "GmbH", "steel", "Söhne", "M16", "16", "3.5", "1st", "two", "Mum's", "’s", "BRK.B", "R&D", "2024-01-01",
     "²", "ﬁ", "\u200b", "_", "-", "–", "/", "(", "%", "€5", "ß", "İ", "日本", "٣", "'", '"', "  ", "Companies", "sold"]
)  # fmt: skip
TEXTS = st.one_of(
    st.text(max_size=20),
    st.lists(PIECES, max_size=9).map(" ".join),
    st.lists(PIECES, max_size=5).map("".join),
)


@settings(max_examples=400, deadline=None)
@given(TEXTS)
def test_a_value_is_cut_as_a_question_is(text: str) -> None:
    tokens = phrase_tokens(text)
    found = cut(text)
    assert found.norms == tuple(t.norm for t in tokens)
    assert found.stems == tuple(t.stem for t in tokens)
    assert found.words == tuple(t.kind == "word" for t in tokens)


@settings(max_examples=60, deadline=None)
@given(st.lists(TEXTS, max_size=12, unique=True), st.lists(TEXTS, max_size=12, unique=True), TEXTS)
def test_a_span_finds_the_values_that_a_scan_finds(one: list[str], two: list[str], other: str) -> None:
    stored = StoredValues()
    for owner, values in zip(OWNERS, (one, two), strict=True):
        list(stored.add(owner, values))
    stored.finish()
    held = [
        (owner, value, phrase_tokens(value))
        for owner, values in zip(OWNERS, (one, two), strict=True)
        for value in values
        if 0 < len(phrase_tokens(value)) <= LONGEST
    ]
    for asked in (*one, *two, other):
        tokens = phrase_tokens(asked)
        stems, joined = tuple(t.stem for t in tokens), "".join(t.norm for t in tokens)
        same = {(o, v) for o, v, own in held if tuple(t.stem for t in own) == stems}
        assert {(o, v) for o, v, _ in stored.of_stems(stems)} == same
        glued = {
            (o, v)
            for o, v, own in held
            if joined in ("".join(t.norm for t in own), "".join(t.stem for t in own))
        }
        assert {(o, v) for o, v, _ in stored.joined(joined)} == glued
        for word in (t.norm for t in tokens if t.kind == "word"):
            part = {
                (o, v)
                for o, v, own in held
                if len(own) > 1 and any(t.norm == word and t.kind == "word" for t in own)
            }
            assert set(stored.with_word(word, most=5)) == (part if len(part) <= 5 else set())


def scan(word: str, words: Sequence[str]) -> list[tuple[str, int]]:
    """The nearest of all words, one by one."""
    allowed = 1 if len(word) < 8 else 2
    found = process.extract(word, words, scorer=OSA.distance, score_cutoff=allowed, limit=8)
    return [(each, int(d)) for each, d, _ in found if d == min(d for _, d, _ in found)]


def test_the_nearest_words_are_those_of_a_scan() -> None:
    """3,000 words that share their parts; each asked with up to three slips of the hand."""
    random_ = random.Random(4)
    parts = [
        "nord",
        "wind",
        "stein",
        "berg",
        "söhn",
        "é",
        "ar",
        "bel",
        "cor",
        "dan",
        "el",
        "haus",
        "日本",
        "x",
    ]
    words = {"".join(random_.choices(parts, k=random_.randrange(2, 5))) for _ in range(6_000)}
    spelling = Spelling(words)
    assert len(words) > 2_000  # else they are scanned
    ordered = sorted(words)
    letters = "abcdefghijklmnorstuvwéö"
    hits = 0
    for _ in range(400):
        word = random_.choice(ordered)
        for _ in range(random_.randrange(4)):
            at = random_.randrange(len(word))
            slip = random_.choice(("drop", "add", "swap", "other"))
            new = random_.choice(letters)
            word = {
                "drop": word[:at] + word[at + 1 :],
                "add": word[:at] + new + word[at:],
                "swap": word[:at] + word[at + 1 : at + 2] + word[at : at + 1] + word[at + 2 :],
                "other": word[:at] + new + word[at + 1 :],
            }[slip] or "x"
        if len(word) >= 5:
            found = spelling.near(word)
            assert found == scan(word, ordered), word
            hits += bool(found)
    assert hits > 150
