import ipaddress
import socket

import pytest

from zhizhi.channels.webhook.addresses import (
    AddressRefused,
    AddressUnknown,
    is_public,
    public_address,
)


@pytest.mark.parametrize("address", [
    "127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
    "169.254.169.254", "100.64.0.1", "0.0.0.1", "224.0.0.1", "255.255.255.255", "198.18.0.1",
    "192.0.2.1", "::1", "::", "fe80::1", "fc00::1", "ff02::1", "::ffff:127.0.0.1",
    "::ffff:10.0.0.1", "2002:7f00:1::", "64:ff9b::7f00:1", "2001:0:53aa:64c::1",
    "::127.0.0.1", "::ffff:0:7f00:1", "64:ff9b:1::7f00:1", "fec0::1", "5f00::1", "3fff::1",
    "192.0.0.8", "192.88.99.1",
])  # fmt: skip
def test_an_address_that_is_not_public_is_known_as_such(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_a_public_address_is_known_as_such(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("url", [
    "http://127.0.0.1/", "https://[::1]:8443/x", "http://10.1.2.3", "http://2130706433/",
    "http://0x7f000001/", "http://localhost/", "http://user@127.0.0.1/",
])  # fmt: skip
def test_the_houses_own_network_is_refused(url: str) -> None:
    with pytest.raises(AddressRefused):
        public_address(url, allowed=())


@pytest.mark.parametrize("url", [
    "ftp://8.8.8.8/", "file:///etc/passwd", "8.8.8.8", "http://", "", "http://8.8.8.8:99999/",
    "http://8.8.8.8:x/", "http://[::1/",
])  # fmt: skip
def test_only_web_addresses_are_called(url: str) -> None:
    with pytest.raises(AddressRefused, match="not a web address"):
        public_address(url, allowed=())


@pytest.mark.parametrize("label", ["a" * 64, "a..b"])
def test_a_name_that_cannot_be_written_is_unknown(label: str) -> None:
    with pytest.raises(AddressUnknown):
        public_address(f"http://{label}.example/", allowed=())


@pytest.mark.parametrize("allowed", ["127.0.0.1", "127.0.0.0/8", "localhost"])
def test_an_address_can_be_allowed_by_name_number_or_network(allowed: str) -> None:
    host = "localhost" if allowed == "localhost" else "127.0.0.1"

    assert public_address(f"http://{host}/", allowed=[allowed])[0] == host


def test_another_allowed_host_does_not_help() -> None:
    with pytest.raises(AddressRefused):
        public_address("http://127.0.0.1/", allowed=["10.0.0.0/8", "example.org"])


def test_one_private_address_among_public_ones_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = [(2, 1, 6, "", ("8.8.8.8", 80)), (2, 1, 6, "", ("10.0.0.1", 80))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *given, **named: rows)

    with pytest.raises(AddressRefused, match=r"10\.0\.0\.1"):
        public_address("http://two-faced.example/", allowed=())


def test_a_name_that_cannot_be_resolved_now_may_be_resolved_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def unknown(*given: object, **named: object) -> object:
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", unknown)

    with pytest.raises(AddressUnknown):
        public_address("http://nowhere.example/", allowed=())
