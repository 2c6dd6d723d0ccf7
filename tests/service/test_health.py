"""Is the service alive and ready, and what does it say of itself?"""

from importlib.metadata import version

from fastapi.testclient import TestClient


def test_live_and_ready(client: TestClient) -> None:
    assert client.get("/livez").json() == {"status": "live"}
    assert client.get("/readyz").json() == {"status": "ready", "articles": 0, "indexed": 0}
    client.put("/v1/articles/a", json={"title": "Summit"})
    assert client.get("/readyz").json() == {"status": "ready", "articles": 1, "indexed": 1}


def test_version(client: TestClient) -> None:
    assert client.get("/version").json() == {"name": "similar-news", "version": version("similar-news")}
