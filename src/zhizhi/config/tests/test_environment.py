"""What the environment may say, and what is refused with the name of the variable."""

from __future__ import annotations

import pytest

from zhizhi.config import environment

NAME = "ZHIZHI_CLAMD"


@pytest.mark.parametrize(
    "told", ["", "unix:/run/clamd.ctl", "tcp://127.0.0.1:3310", "tcp://[::1]:3310"]
)
def test_a_service_listens_at_a_socket_or_a_port(
    told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(NAME, told)

    assert environment.service(NAME) == told


@pytest.mark.parametrize(
    "told",
    [
        "/run/clamd.ctl",
        "unix:clamd.ctl",
        "tcp://127.0.0.1",
        "tcp://:3310",
        "tcp://a:99999",
        "tcp://a:1/x",
    ],
)
def test_anything_else_is_refused_by_name(told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, told)

    with pytest.raises(environment.SettingInvalid, match=NAME):
        environment.service(NAME)
