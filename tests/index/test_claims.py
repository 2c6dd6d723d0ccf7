"""Who is at what."""

from index.claims import Claims


def test_an_id_is_claimed_until_the_last_who_claimed_it_is_done() -> None:
    claims = Claims[str]()
    with claims.claimed(["a", "b", "a"]):
        with claims.claimed(["a"]):
            assert len(claims) == 2
        assert "a" in claims
        assert "b" in claims
    assert "a" not in claims
    assert len(claims) == 0
