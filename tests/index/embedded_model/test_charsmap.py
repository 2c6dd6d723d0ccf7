import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tokenizers import normalizers

from index.embedded_model.charsmap import compile_charsmap
from index.embedded_model.packed_weights import find_packed_weights, read_packed_weights

characters = st.characters(codec="utf-8", exclude_characters="\x00")
tables = st.dictionaries(characters, st.text(characters, max_size=4), min_size=1, max_size=40)


@pytest.fixture(scope="module")
def shipped() -> dict[str, str]:
    """The table of the embedded model."""
    return read_packed_weights(find_packed_weights().read_bytes()).replacements


@pytest.fixture(scope="module")
def shipped_map(shipped: dict[str, str]) -> normalizers.Precompiled:
    return normalizers.Precompiled(compile_charsmap(shipped))


@given(table=tables, others=st.lists(characters, max_size=10))
@example(table={"a": "b"}, others=["b", "\U0010ffff"])
@example(table={"é": "e", "ê": "", "ë": "ee"}, others=["è", "\u0123"])
def test_the_compiled_map_replaces_the_characters_of_the_table_and_no_others(
    table: dict[str, str], others: list[str]
) -> None:
    compiled = normalizers.Precompiled(compile_charsmap(table))
    for character in [*table, *others]:
        assert compiled.normalize_str(character) == table.get(character, character)


def test_every_character_of_the_embedded_table_is_replaced(
    shipped: dict[str, str], shipped_map: normalizers.Precompiled
) -> None:
    wrong = [source for source, target in shipped.items() if shipped_map.normalize_str(source) != target]
    assert len(shipped) > 4_000
    assert wrong == []


@given(character=characters)
def test_every_other_character_is_left_alone_by_the_embedded_table(
    shipped: dict[str, str], shipped_map: normalizers.Precompiled, character: str
) -> None:
    assert shipped_map.normalize_str(character) == shipped.get(character, character)


@given(words=st.lists(st.sampled_from(["ﬁ", "㈱", "A", "１", "한", "ｶ", "～"]), max_size=8))
def test_characters_of_a_text_are_replaced_one_by_one(
    shipped: dict[str, str], shipped_map: normalizers.Precompiled, words: list[str]
) -> None:
    expected = "".join(shipped.get(character, character) for character in words)
    assert shipped_map.normalize_str("".join(words)) == expected


def test_the_same_table_gives_the_same_bytes() -> None:
    table = {"ａ": "a", "ﬁ": "fi"}
    assert compile_charsmap(table) == compile_charsmap(dict(table))


@pytest.mark.parametrize("key", ["", "\x00", "a\x00b"])
def test_a_key_that_the_format_cannot_hold_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="cannot be a key"):
        compile_charsmap({"a": "b", key: "c"})


def test_a_table_too_large_for_the_format_is_refused() -> None:
    table = {chr(0x20000 + 64 * block) + chr(0x20000 + 64 * other): "" for block in range(128) for other in range(128)}
    with pytest.raises(ValueError, match="too large"):
        compile_charsmap(table)
