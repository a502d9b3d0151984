"""A policy as JSON and back, its fingerprint, and what a sealed policy must be."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pip_pinned.policy import codec
from pip_pinned.policy.errors import PipPinnedError
from pip_pinned.policy.model import Policy, Strategy
from tests.policy.building import PATTERNS, index, pin, policies

POLICY = Policy(indexes=(index("acme", explicit=True), index("public", default=True)), declared=True,
                pins=(pin("acme-*", "acme"), pin("jax", "acme", "holds")))


@given(policies())
def test_a_policy_survives_json(policy: Policy) -> None:
    assert codec.decode(json.loads(json.dumps(codec.encode(policy)))) == policy


@given(policies())
def test_a_policy_survives_its_seal(policy: Policy) -> None:
    raw = codec.canonical(codec.encode(policy))
    assert codec.decode(codec.open_sealed(raw, codec.digest(raw))) == policy


@given(policies(), st.data())
def test_altered_bytes_are_refused(policy: Policy, data: st.DataObject) -> None:
    raw = codec.canonical(codec.encode(policy))
    at = data.draw(st.integers(0, len(raw) - 1))
    altered = raw[:at] + bytes([raw[at] ^ data.draw(st.integers(1, 255))]) + raw[at + 1:]
    with pytest.raises(PipPinnedError) as failure:
        codec.open_sealed(altered, codec.digest(raw))
    assert failure.value.code == "policy-missing"


@pytest.mark.parametrize("raw", [
    pytest.param(b"", id="empty"),
    pytest.param(b"not json", id="not-json"),
    pytest.param(b"\xff\xfe", id="not-text"),
    pytest.param(b"{}", id="no-schema"),
    pytest.param(b"null", id="null"),
    pytest.param(b"3", id="number"),
    pytest.param(b'"schema"', id="string"),
    pytest.param(b'["schema"]', id="array"),
    pytest.param(b'{"schema": 0}', id="older-schema"),
    pytest.param(json.dumps({"schema": codec.SCHEMA + 1}).encode(), id="newer-schema"),
    pytest.param(json.dumps({"schema": str(codec.SCHEMA)}).encode(), id="schema-of-another-type"),
    pytest.param(b'{"schema": null}', id="null-schema"),
])
def test_what_is_no_sealed_policy_is_refused(raw: bytes) -> None:
    with pytest.raises(PipPinnedError) as failure:
        codec.open_sealed(raw, codec.digest(raw))
    assert failure.value.code == "policy-missing"


def test_the_seal_is_canonical() -> None:
    data = codec.encode(POLICY)
    shuffled = dict(reversed(data.items()))
    assert codec.canonical(shuffled) == codec.canonical(data)
    assert json.loads(codec.canonical(data))["schema"] == codec.SCHEMA


ELSEWHERE = "elsewhere.toml:77"


@given(policies())
def test_a_fingerprint_ignores_where_things_were_written(policy: Policy) -> None:
    moved = policy._replace(indexes=tuple(one._replace(origin=ELSEWHERE) for one in policy.indexes),
                    pins=tuple(one._replace(origin=ELSEWHERE) for one in policy.pins))
    assert codec.fingerprint(moved) == codec.fingerprint(policy)
    assert codec.fingerprint(policy._replace(pins=policy.pins[::-1])) == codec.fingerprint(policy)


@given(st.sampled_from(("", "user:secret@", "other:pw@", "token@")))
def test_a_fingerprint_ignores_credentials(userinfo: str) -> None:
    with_credentials = POLICY._replace(indexes=(index("acme", f"https://{userinfo}acme.example/simple", explicit=True), POLICY.indexes[1]))
    assert codec.fingerprint(with_credentials) == codec.fingerprint(POLICY)


@given(policies(), PATTERNS)
def test_a_fingerprint_changes_with_the_pins(policy: Policy, pattern: str) -> None:
    new = f"z{pattern}" if pattern in {one.pattern for one in policy.pins} else pattern
    assert codec.fingerprint(policy._replace(pins=(*policy.pins, pin(new, None)))) != codec.fingerprint(policy)


@pytest.mark.parametrize("changed", [
    pytest.param(POLICY._replace(pins=()), id="no-pins"),
    pytest.param(POLICY._replace(pins=(pin("acme-*", "public"), POLICY.pins[1])), id="pin-moved"),
    pytest.param(POLICY._replace(pins=(POLICY.pins[0], pin("jax", "acme", "fails"))), id="marker"),
    pytest.param(POLICY._replace(pins=(POLICY.pins[0], pin("jax", None, "holds"))), id="pin-to-nowhere"),
    pytest.param(POLICY._replace(indexes=POLICY.indexes[::-1]), id="order"),
    pytest.param(POLICY._replace(indexes=(index("acme", "https://other.example/simple", explicit=True), POLICY.indexes[1])), id="url"),
    pytest.param(POLICY._replace(indexes=(index("acme"), POLICY.indexes[1])), id="not-explicit"),
    pytest.param(POLICY._replace(strategy=Strategy.UNSAFE_BEST_MATCH), id="strategy"),
    pytest.param(POLICY._replace(no_index=True), id="no-index"),
    pytest.param(POLICY._replace(find_links=("wheels",)), id="find-links"),
    pytest.param(POLICY._replace(allow_file_hosts=("cdn.example",)), id="file-hosts"),
])
def test_a_fingerprint_changes_whenever_a_decision_could(changed: Policy) -> None:
    assert codec.fingerprint(changed) != codec.fingerprint(POLICY)
    assert len(codec.fingerprint(changed)) == 16


def test_an_error_renders_as_plain_text() -> None:
    error = PipPinnedError("bad-pin", "It is bad.", context="here: this\nthere: that", hint="Write it well.\nOr not at all.")
    assert error.render() == ("error: bad-pin\n\n  It is bad.\n    here: this\n    there: that\n\n"
                              "hint: Write it well.\nhint: Or not at all.\n")
    assert PipPinnedError("bad-pin", "It is bad.").render() == "error: bad-pin\n\n  It is bad.\n"
