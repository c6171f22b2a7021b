"""Addresses as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway.errors import ConfigError
from headway.serving.gateway.engines.address import Address


@pytest.mark.parametrize(
    ("url", "host", "port", "tls", "prefix"),
    [
        ("http://10.0.0.7:8000", "10.0.0.7", 8000, False, b""),
        ("http://engine/", "engine", 80, False, b""),
        ("https://api.example.com/v1/", "api.example.com", 443, True, b""),
        ("https://api.example.com:8443/openai/v1", "api.example.com", 8443, True, b"/openai"),
        ("http://[fe80::1]:9", "fe80::1", 9, False, b""),
    ],
)
def test_addresses_are_taken_apart(
    url: str, host: str, port: int, tls: bool, prefix: bytes
) -> None:
    found = Address.parse(url)
    assert found == Address(host, port, tls, prefix)
    assert Address.parse(str(found)) == found


@pytest.mark.parametrize(
    "url",
    [
        *("", "10.0.0.7:8000", "ftp://a", "http://", "http://a:x", "http://a:70000", "http://[a"),
        *("http://u:p@a", "http://a/?b=c", "http://a/#b", "http://a/b c", "http://a/ä"),
        "http://" + "a" * 300,
    ],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ConfigError):
        Address.parse(url)


@given(st.text(max_size=30))
def test_any_text_is_an_address_or_refused(text: str) -> None:
    for url in (text, "http://" + text, "http://a:" + text, "http://a/" + text):
        try:
            found = Address.parse(url)
        except ConfigError:
            continue
        assert Address.parse(str(found)) == found


def test_one_machine_behind_a_name_keeps_the_name_for_its_certificate() -> None:
    found = Address.parse("https://engines:8000").at("10.0.0.7")
    assert (found.host, found.server) == ("10.0.0.7", "engines")
