"""A policy as canonical JSON and back, with a schema number and a digest."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from pip_pinned.policy.errors import PipPinnedError
from pip_pinned.policy.model import Index, Pin, Policy, Strategy

SCHEMA = 1

_PLAIN = ("declared", "ambient_indexes", "strict_pip", "no_index", "sync_any_index", "pypi_mirror")


def encode(policy: Policy) -> dict[str, Any]:
    """The policy as JSON types: objects, arrays, strings, numbers, booleans and null."""
    return {
        "indexes": [index._asdict() for index in policy.indexes],
        "pins": [[pin.pattern, pin.index_name, pin.origin, pin.marker] for pin in policy.pins],
        "strategy": policy.strategy.value,
        "allow_file_hosts": list(policy.allow_file_hosts),
        "find_links": list(policy.find_links),
        **{name: getattr(policy, name) for name in _PLAIN},
    }


def decode(data: dict[str, Any]) -> Policy:
    """The inverse of ``encode``.

    Raises KeyError, TypeError or ValueError for anything else.
    """
    indexes = []
    for item in data["indexes"]:
        codes = item["ignore_error_codes"]
        indexes.append(
            Index(
                **{
                    **item,
                    "ignore_error_codes": None if codes is None else tuple(codes),
                    "variable_prefixes": tuple(item["variable_prefixes"]),
                    "excludes": tuple(item["excludes"]),
                }
            )
        )
    return Policy(
        indexes=tuple(indexes),
        pins=tuple(Pin(pattern=p, index_name=i, origin=o, marker=m) for p, i, o, m in data["pins"]),
        strategy=Strategy(data["strategy"]),
        allow_file_hosts=tuple(data["allow_file_hosts"]),
        find_links=tuple(data["find_links"]),
        **{name: data[name] for name in _PLAIN},
    )


def canonical(data: dict[str, Any]) -> bytes:
    """The bytes that a digest is taken of."""
    return json.dumps({"schema": SCHEMA, **data}, sort_keys=True, separators=(",", ":")).encode()


def digest(data: bytes) -> str:
    """SHA-256, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def fingerprint(policy: Policy) -> str:
    """Sixteen hexadecimal digits that change whenever a decision could: no origins, no credentials.

    Caches of built wheels live under it, so that a wheel built under one policy never serves
    another.
    """
    data = encode(policy)
    for item, index in zip(data["indexes"], policy.indexes, strict=True):
        item.update(url=index.bare, origin="", written=None, variable_prefixes=())
    data["pypi_mirror"] = None  # what it does stands in the indexes
    data["pins"] = sorted(([p.pattern, p.index_name, p.marker] for p in policy.pins), key=repr)
    return digest(canonical(data))[:16]


def open_sealed(raw: bytes, expected_digest: str) -> dict[str, Any]:
    """The sealed data, if the bytes have that digest and this schema.

    Raises PipPinnedError ``policy-missing`` otherwise: nothing is installed without a policy
    (CONTRACT 1.3).
    """
    if digest(raw) != expected_digest:
        raise _policy_missing("the sealed policy was altered on its way to this process")
    try:
        data = json.loads(raw)
        schema = data.pop("schema")
    except (ValueError, KeyError, AttributeError, TypeError) as exc:
        raise _policy_missing("the sealed policy cannot be read") from exc
    if schema != SCHEMA:
        raise _policy_missing(
            f"the sealed policy has schema {schema}; this pip-pinned reads schema {SCHEMA}"
        )
    return dict(data)


def _policy_missing(what: str) -> PipPinnedError:
    return PipPinnedError(
        "policy-missing",
        "Nothing is installed: this pip was started under a policy that it cannot rely on.",
        context=what,
        hint="Run pip-pinned again; if it persists, something on this machine changes its "
        "temporary files.",
    )
