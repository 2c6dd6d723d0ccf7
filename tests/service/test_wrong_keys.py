"""Who sends wrong keys again and again is told to stop, and nobody else."""

from pathlib import Path

from fastapi.testclient import TestClient

from service.access.keys import Scope, new_key
from service.access.wrong_keys import WRONG_KEYS_A_MINUTE
from tests.service.conftest import add_key
from tests.service.test_articles import assert_problem

HERE, ELSEWHERE = "192.0.2.1", "192.0.2.2"


def client_at(client: TestClient, host: str) -> TestClient:
    return TestClient(client.app, client=(host, 5000))


def statuses(client: TestClient, count: int) -> list[int]:
    """What is answered to so many keys that there are not."""
    sent = [new_key(Scope.READ)[1] for _ in range(count)]
    return [client.get("/v1/stories", headers={"X-API-Key": one}).status_code for one in sent]


def test_who_sends_too_many_is_told_when_to_try_again(topical_client: TestClient, keys: Path) -> None:
    right = {"X-API-Key": add_key(keys)}
    here, elsewhere = client_at(topical_client, HERE), client_at(topical_client, ELSEWHERE)
    assert statuses(here, WRONG_KEYS_A_MINUTE) == [401] * WRONG_KEYS_A_MINUTE
    refused = here.get("/v1/stories", headers={"Authorization": "Bearer mine"})
    assert_problem(refused, 429, "wrong keys", "right")
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert refused.headers["Cache-Control"] == "no-store"
    assert here.get("/v1/stories", headers=right).status_code == 200
    assert statuses(elsewhere, 1) == [401]


def test_neither_right_keys_nor_none_are_counted(topical_client: TestClient, keys: Path) -> None:
    right = {"X-API-Key": add_key(keys)}
    here = client_at(topical_client, HERE)
    for _ in range(WRONG_KEYS_A_MINUTE + 1):
        assert here.get("/v1/stories", headers=right).status_code == 200
        assert here.get("/v1/stories").status_code == 401
    assert statuses(here, 1) == [401]


def test_a_network_of_ipv6_is_one(topical_client: TestClient, keys: Path) -> None:
    add_key(keys)
    assert set(statuses(client_at(topical_client, "2001:db8::1"), WRONG_KEYS_A_MINUTE)) == {401}
    assert statuses(client_at(topical_client, "2001:db8::2:1"), 1) == [429]
    assert statuses(client_at(topical_client, "2001:db8:0:1::1"), 1) == [401]


def test_while_no_key_is_needed_none_is_wrong(topical_client: TestClient) -> None:
    assert set(statuses(client_at(topical_client, HERE), WRONG_KEYS_A_MINUTE + 1)) == {200}
