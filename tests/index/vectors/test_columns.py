"""What is told of the rows of a segment."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from index.vectors.columns import kinds_of


@given(st.lists(st.sampled_from([0, 1, 2, 3, 7, 50]), min_size=1, max_size=200))
def test_languages_that_many_rows_have_are_kinds_of_their_own(langs: list[int]) -> None:
    kinds = kinds_of(np.array(langs, np.int32)).tolist()
    assert len(kinds) == len(langs)
    kind_of = dict(zip(langs, kinds, strict=True))
    assert [kind_of[lang] for lang in langs] == kinds
    common = sorted(lang for lang in set(langs) if langs.count(lang) >= len(langs) / 32)
    assert [kind_of[lang] for lang in common] == list(range(1, len(common) + 1))
    assert {kind_of[lang] for lang in langs if lang not in common} <= {0}


def test_where_no_language_is_common_all_rows_are_of_one_kind() -> None:
    assert kinds_of(np.arange(40, dtype=np.int32)).tolist() == [0] * 40
