"""Which story keeps its id when articles are grouped anew."""

from collections import Counter
from collections.abc import Mapping, Sequence

from index.store.stories import Regrouping


def regrouping(before: Mapping[int, int], parts: Sequence[Sequence[int]]) -> Regrouping | None:
    """Give the parts into which the articles of some stories fall the ids of these stories.

    A story's home is the part to which most of its articles went, of equal ones the one with the oldest article. A part
    is the oldest one of the stories that are at home there: so a split leaves the id with the larger part, and a merge
    keeps the older id. A part where none is at home is a new story.

    Args:
        before: the numbers of the articles' stories by the articles' keys.
        parts: the keys of the articles that are to be one story each; together they are all of `before`.

    Returns:
        None if everything stays as it is.
    """
    part_of = {key: place for place, keys in enumerate(parts) for key in keys}
    kept: dict[int, list[int]] = {}
    for key, number in before.items():
        kept.setdefault(number, []).append(key)
    homes: dict[int, int] = {}
    for number, own in sorted(kept.items()):
        went = Counter(part_of[key] for key in own)
        home = _most(went, parts)
        homes.setdefault(home, number)
    numbered = {homes.get(place, -1 - place): sorted(keys) for place, keys in enumerate(parts)}
    return None if numbered == {number: sorted(own) for number, own in kept.items()} else Regrouping(numbered)


def with_absent(before: Mapping[int, int], parts: Sequence[Sequence[int]]) -> list[list[int]]:
    """The parts, with the articles that could not be grouped, which stay with the most of their story.

    Args:
        before: the numbers of the articles' stories by the articles' keys.
        parts: the keys of those that could be grouped.
    """
    whole = [list(part) for part in parts]
    part_of = {key: place for place, keys in enumerate(parts) for key in keys}
    went: dict[int, Counter[int]] = {}
    for key, number in before.items():
        if key in part_of:
            went.setdefault(number, Counter())[part_of[key]] += 1
    alone: dict[int, list[int]] = {}
    for key, number in sorted(before.items()):
        if key in part_of:
            continue
        if number in went:
            whole[_most(went[number], parts)].append(key)
        else:
            alone.setdefault(number, []).append(key)
    return [sorted(part) for part in whole] + list(alone.values())


def _most(went: Counter[int], parts: Sequence[Sequence[int]]) -> int:
    """The place of the part to which most articles went, of equal ones the one with the oldest article."""
    return min(went, key=lambda place: (-went[place], min(parts[place])))
