from __future__ import annotations

import pytest
from django.test import Client

from zhizhi.kernel.streams import STREAMS
from zhizhi.sources import bodies
from zhizhi.sources.http_push.describing import description

PUSHED = [name for name in STREAMS if name != "reports.v1"]  # people tell, nothing sends


def test_the_api_describes_itself_to_programs() -> None:
    document = Client().get("/api/v1/openapi.json").json()

    operation = document["paths"]["/api/v1/observations/{stream}"]["post"]
    assert document["openapi"].startswith("3.")
    assert set(operation["requestBody"]["content"]) == set(bodies.KINDS)
    assert operation["security"] == [{"token": []}]
    assert operation["parameters"][0]["schema"]["enum"] == PUSHED


@pytest.mark.parametrize(
    "status", [200, 202, 400, 401, 403, 404, 405, 408, 409, 413, 415, 422, 503]
)
def test_every_answer_is_described(status: int) -> None:
    operation = description()["paths"]["/api/v1/observations/{stream}"]["post"]

    assert str(status) in {str(key) for key in operation["responses"]}


def test_every_stream_has_the_schema_of_its_rows() -> None:
    operation = description()["paths"]["/api/v1/observations/{stream}"]["post"]
    rows = operation["requestBody"]["content"][bodies.JSON]["schema"]["items"]["anyOf"]

    assert [row["title"] for row in rows] == PUSHED
    assert all(set(row["required"]) <= set(row["properties"]) for row in rows)


def test_the_description_loads_nothing_from_elsewhere() -> None:
    answer = Client().get("/api/v1/openapi.json")

    assert answer.headers["Content-Type"] == "application/json"
    assert b"cdn" not in answer.content
