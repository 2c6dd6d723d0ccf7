from index.article import Content
from index.related.reasons import Evidence, Reason, ReasonKind, reasons

OWN = Evidence(
    Content(text="Putin said “we shall do what has to be done”. 2,900 came in 2023.", lang="en"),
    ["Vladimir Putin", "Kim Jong Un"],
    ["KP", "RU"],
)


def given(
    text: str = "Nothing", names: tuple[str, ...] = (), countries: tuple[str, ...] = (), days: float | None = None
) -> dict[ReasonKind, tuple[str, ...]]:
    other = Evidence(Content(text=text, lang="en"), names, countries)
    return {reason.kind: reason.evidence for reason in reasons(OWN, other, 0.756, days)}


def test_the_meaning_is_always_a_reason() -> None:
    assert reasons(OWN, Evidence(Content(text="Nothing", lang="en"), [], []), 0.756, None) == (
        Reason(ReasonKind.MEANING, ("0.76",)),
    )


def test_names_are_shown_as_the_item_writes_them() -> None:
    assert given(names=("Путин", "Xi Jinping"))[ReasonKind.NAMES] == ("Путин",)
    assert ReasonKind.NAMES not in given(names=("Xi Jinping",))


def test_names_that_only_end_alike_are_not_the_same() -> None:
    own = Evidence(Content(text="A", lang="en"), ["US Supreme Court", "Google Inc"], [])
    (_, *rest) = reasons(own, Evidence(Content(text="B", lang="en"), ["Delhi High Court", "Apple Inc"], []), 1, None)
    assert rest == []


def test_a_surname_stands_for_the_name() -> None:
    assert given(names=("President Vladimir Putin",)).get(ReasonKind.NAMES) is None
    assert given(names=("Putin",))[ReasonKind.NAMES] == ("Putin",)


def test_countries_numbers_and_quotations_that_both_have() -> None:
    found = given("2900 people, “We shall do what has to be done”, in 2023", countries=("CN", "RU"))
    assert found[ReasonKind.COUNTRIES] == ("RU",)
    assert found[ReasonKind.NUMBERS] == ("2900",)
    assert found[ReasonKind.QUOTATION] == ("We shall do what has to be done",)


def test_the_time_is_a_reason_within_a_day() -> None:
    assert given(days=0.5)[ReasonKind.TIME] == ("12",)
    assert ReasonKind.TIME not in given(days=1.1)
    assert ReasonKind.TIME not in given()


def test_evidence_is_short() -> None:
    many = tuple(f"Name{letter * 4}" for letter in "abdefgh")
    own = Evidence(Content(text="A", lang="en"), many, [])
    (_, names) = reasons(own, Evidence(Content(text="B", lang="en"), many, []), 1, None)
    assert len(names.evidence) == 5
