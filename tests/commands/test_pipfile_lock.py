"""A Pipfile.lock is kept, and written only where it says what it said."""

from __future__ import annotations

import json

from tests.running import Machine
from tests.servers.index import IndexServer
from tests.servers.projects import wheel


def test_a_pipfile_lock_is_kept_and_locked_again_by_itself(machine: Machine, private: IndexServer, public: IndexServer) -> None:
    machine.write("Pipfile", f'[[source]]\nname = "acme"\nurl = "{private.url}"\nverify_ssl = true\n[packages]\nacme-core = "*"\n')
    assert machine.pinned("lock", "--format", "pipfile-lock").code == 0
    first = (machine.project / "Pipfile.lock").read_bytes()
    private.add(wheel("acme-core", "2.0"))
    assert machine.pinned("lock", "--check").code == machine.pinned("lock").code == 0
    assert (machine.project / "Pipfile.lock").read_bytes() == first
    assert machine.pinned("lock", "--upgrade").code == 0
    assert json.loads((machine.project / "Pipfile.lock").read_text())["default"]["acme-core"]["version"] == "==2.0"
    private.projects["acme-core"] = [wheel("acme-core", "2.0", says="somebody else")]
    assert machine.pinned("lock").error == "hash-changed"
    machine.write("Pipfile.lock", "[]")
    assert machine.pinned("lock").error == "bad-lock"
    assert machine.pinned("lock", "acme-core", "--format", "pipfile-lock").error == "usage"
