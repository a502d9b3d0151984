"""The table from HTTP status to decision (CONTRACT 4.1)."""

from __future__ import annotations

import pytest

from pip_pinned.policy import status
from pip_pinned.policy.status import Verdict, judge
from tests.policy.building import index

PLAIN = index("acme")
IGNORES_403 = index("acme", ignore_error_codes=(403,))
IGNORES_NOTHING = index("acme", ignore_error_codes=())
EXCEPTIONAL = next(iter(status._ABSENT_BY_HOST))


@pytest.mark.parametrize(("statuses", "verdict"), [
    ((200,), Verdict.PRESENT),
    ((404,), Verdict.ABSENT),
    ((401, 403), Verdict.AUTH_FAILED),
    ((400, 402, 405, 407, 408, 410, 418, 421, 423, 429, 451, 499), Verdict.UNAVAILABLE),
    ((500, 501, 502, 503, 504, 520, 599), Verdict.UNAVAILABLE),
    ((100, 201, 204, 206, 301, 302, 304, 307, 308, 0, 999), Verdict.UNAVAILABLE),
])
def test_a_status_means(statuses: tuple[int, ...], verdict: Verdict) -> None:
    assert {judge(status, PLAIN) for status in statuses} == {verdict}


def test_only_200_is_present_and_only_404_is_absent() -> None:
    verdicts = {status: judge(status, PLAIN) for status in range(1000)}
    assert [status for status, verdict in verdicts.items() if verdict is Verdict.PRESENT] == [200]
    assert [status for status, verdict in verdicts.items() if verdict is Verdict.ABSENT] == [404]


@pytest.mark.parametrize("status", [401, 403, 410, 429, 500, 503])
def test_ignored_codes_are_absent(status: int) -> None:
    assert judge(status, index("acme", ignore_error_codes=(status,))) is Verdict.ABSENT
    assert judge(status, IGNORES_NOTHING) is judge(status, PLAIN)


def test_ignoring_one_code_leaves_the_others_as_they_are() -> None:
    assert {status for status in range(1000) if judge(status, IGNORES_403) is not judge(status, PLAIN)} == {403}


def test_200_cannot_be_ignored() -> None:
    assert judge(200, index("acme", ignore_error_codes=(200,))) is Verdict.PRESENT


@pytest.mark.parametrize(("url", "verdict"), [
    (f"https://{EXCEPTIONAL}/whl/cpu", Verdict.ABSENT),
    (f"https://user:secret@{EXCEPTIONAL.upper()}:443/whl/cpu", Verdict.ABSENT),
    (f"https://{EXCEPTIONAL}.acme.example/whl/cpu", Verdict.AUTH_FAILED),
    (f"https://mirror.{EXCEPTIONAL}/whl/cpu", Verdict.AUTH_FAILED),
    (f"https://acme.example/{EXCEPTIONAL}/whl/cpu", Verdict.AUTH_FAILED),
])
def test_403_is_absent_on_one_host_alone(url: str, verdict: Verdict) -> None:
    assert judge(403, index("wheels", url)) is verdict


def test_ignored_codes_replace_the_default_set() -> None:
    url = f"https://{EXCEPTIONAL}/whl/cpu"
    assert judge(403, index("wheels", url, ignore_error_codes=())) is Verdict.AUTH_FAILED
    assert judge(403, index("wheels", url, ignore_error_codes=(410,))) is Verdict.AUTH_FAILED
    assert judge(401, index("wheels", url)) is Verdict.AUTH_FAILED
