"""Whether two markers can hold at once; in doubt, they do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pip_pinned.config import markers

APART = [
    ("sys_platform == 'linux'", "sys_platform != 'linux'"),
    ("sys_platform == 'linux'", "sys_platform == 'win32'"),
    ("sys_platform == 'linux'", "os_name == 'nt'"),
    ("sys_platform == 'darwin'", "platform_system == 'Linux'"),
    ("sys_platform == 'cygwin'", "sys_platform != 'cygwin'"),
    ("python_version < '3.10'", "python_version >= '3.10'"),
    ("python_version <= '3.9'", "python_version > '3.9'"),
    ("python_full_version < '3.10.5'", "python_full_version >= '3.10.5'"),
    ("python_full_version < '3.10'", "python_version >= '3.10'"),
    ("python_version == '3.10'", "python_version == '3.11'"),
    ("python_version in '3.9 3.10'", "python_version >= '3.11'"),
    ("'3.10' <= python_version", "python_version < '3.10'"),
    ("platform_machine == 'x86_64'", "platform_machine == 'aarch64'"),
    ("platform_machine == 'x86_64'", "platform_machine != 'x86_64'"),
    ("implementation_name == 'cpython'", "implementation_name == 'pypy'"),
    ("sys_platform == 'linux' and platform_machine == 'x86_64'", "sys_platform == 'linux' and platform_machine != 'x86_64'"),
    ("sys_platform == 'linux' or sys_platform == 'darwin'", "sys_platform == 'win32'"),
    ("sys_platform == 'linux' and python_version < '3.12'", "sys_platform == 'linux' and python_version >= '3.12'"),
]
TOGETHER = [
    ("sys_platform == 'linux'", "os_name == 'posix'"),
    ("sys_platform == 'linux'", "python_version >= '3.10'"),
    ("sys_platform == 'linux'", "platform_machine == 'x86_64'"),
    ("sys_platform != 'linux'", "sys_platform != 'win32'"),
    ("sys_platform != 'linux'", "sys_platform == 'cygwin'"),
    ("sys_platform != 'linux'", "sys_platform == 'aix'"),
    ("sys_platform == 'cygwin'", "sys_platform == 'cygwin'"),
    ("platform_system == 'SunOS'", "sys_platform != 'linux'"),
    ("python_version < '3.11'", "python_version >= '3.10'"),
    ("python_version <= '3.10'", "python_version >= '3.10'"),
    ("python_full_version < '3.10.5'", "python_version >= '3.10'"),
    ("python_version > '3.9'", "python_version != '3.12'"),
    ("python_version == '3.9'", "python_version in '3.9 3.10'"),
    ("platform_machine != 'x86_64'", "platform_machine != 'aarch64'"),
    ("sys_platform == 'linux' or sys_platform == 'win32'", "sys_platform == 'win32' or sys_platform == 'darwin'"),
    ("sys_platform == 'linux' and python_version < '3.12'", "platform_machine == 'x86_64'"),
    ("platform_python_implementation == 'CPython'", "implementation_name == 'cpython'"),
    ("extra == 'gpu'", "sys_platform == 'linux'"),
]


@pytest.mark.parametrize(("first", "second"), APART)
def test_markers_that_exclude_each_other_do_not_overlap(first: str, second: str) -> None:
    assert not markers.overlap(first, second)
    assert not markers.overlap(second, first)


@pytest.mark.parametrize(("first", "second"), TOGETHER)
def test_markers_that_can_hold_at_once_overlap(first: str, second: str) -> None:
    assert markers.overlap(first, second)
    assert markers.overlap(second, first)


def test_no_marker_holds_everywhere() -> None:
    assert markers.overlap(None, None)
    assert markers.overlap(None, "sys_platform == 'linux'")
    assert markers.overlap("sys_platform == 'linux'", None)


def test_in_doubt_markers_overlap() -> None:
    variables = ("platform_machine", "platform_release", "platform_version", "implementation_name")
    many = " or ".join(f"{variable} == '{value}'" for variable in variables for value in range(20))
    assert markers.overlap(many, many)


ATOMS = st.builds("{} {} '{}'".format, st.just("python_version"), st.sampled_from(("<", "<=", "==", "!=", ">=", ">")),
                  st.sampled_from(("3.9", "3.10", "3.11"))) | \
    st.builds("{} {} '{}'".format, st.just("sys_platform"), st.sampled_from(("==", "!=")), st.sampled_from(("linux", "win32")))
MARKERS = st.recursive(ATOMS, lambda inner: st.builds("({} {} {})".format, inner, st.sampled_from(("and", "or")), inner), max_leaves=4)


@given(MARKERS, MARKERS, st.sampled_from(("3.8", "3.9", "3.10", "3.11", "3.12")), st.sampled_from(("linux", "win32", "darwin")))
def test_whatever_environment_satisfies_both_they_overlap(first: str, second: str, version: str, platform: str) -> None:
    from packaging.markers import Marker

    environment = {"python_version": version, "python_full_version": f"{version}.4", "sys_platform": platform}
    if Marker(first).evaluate(environment) and Marker(second).evaluate(environment):
        assert markers.overlap(first, second)


@pytest.mark.parametrize("marker", ["sys_platform = 'linux'", "", "platform == 'linux'", "sys_platform ==", "python_version ~= 'abc'",
                                    "'a' in extras", "'a' == 'b'"])
def test_a_marker_that_cannot_be_evaluated_is_a_mistake(marker: str) -> None:
    assert markers.mistake(marker)


@pytest.mark.parametrize("marker", ["sys_platform == 'linux'", "python_version >= '3.10' and extra == 'gpu'", "platform_release >= '5'"])
def test_a_valid_marker_is_none(marker: str) -> None:
    assert markers.mistake(marker) is None
