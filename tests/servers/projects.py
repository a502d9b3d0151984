"""Real wheels and sdists, made in memory. An sdist carries its own build backend, so that nothing else is needed to build it."""

from __future__ import annotations

import base64
import hashlib
import io
import tarfile
import zipfile
from dataclasses import dataclass, field


@dataclass(frozen=True)
class File:
    """A distribution file and what an index says about it."""

    filename: str
    content: bytes
    requires: tuple[str, ...] = ()
    yanked: bool = False
    metadata: bytes | None = field(default=None, repr=False)

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


def metadata_of(name: str, version: str, requires: tuple[str, ...] = (), extras: tuple[str, ...] = ()) -> bytes:
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}", *(f"Provides-Extra: {extra}" for extra in extras), *(f"Requires-Dist: {r}" for r in requires)]
    return ("\n".join(lines) + "\n").encode()


def wheel(name: str, version: str, *, requires: tuple[str, ...] = (), says: str = "", yanked: bool = False,
          metadata_name: str | None = None, sidecar: bytes | None = None, tag: str = "py3-none-any", extras: tuple[str, ...] = ()) -> File:
    """A wheel with one module, whose ``WHO`` is ``says``."""
    distribution = name.replace("-", "_").replace(".", "_")
    info = f"{distribution}-{version}.dist-info"
    module = distribution.lower()
    contents = {
        f"{module}/__init__.py": f"WHO = {says!r}\nVERSION = {version!r}\n".encode(),
        f"{info}/METADATA": metadata_of(metadata_name or name, version, requires, extras),
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: {tag}\n".encode(),
    }
    record = "".join(f"{path},sha256={_digest(data)},{len(data)}\n" for path, data in contents.items())
    contents[f"{info}/RECORD"] = (record + f"{info}/RECORD,,\n").encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, data in contents.items():
            archive.writestr(zipfile.ZipInfo(path, (2020, 1, 1, 0, 0, 0)), data)
    return File(f"{distribution}-{version}-{tag}.whl", buffer.getvalue(), requires, yanked, sidecar)


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


_BACKEND = '''
import os, sys, zipfile
NAME, VERSION, REQUIRES, SAYS, DYNAMIC = {values!r}
{code}
def get_requires_for_build_wheel(config_settings=None):
    return list(DYNAMIC)
def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    dist = NAME.replace("-", "_")
    filename = "%s-%s-py3-none-any.whl" % (dist, VERSION)
    info = "%s-%s.dist-info" % (dist, VERSION)
    try:
        import {helper} as helper
        built_with = helper.WHO
    except ImportError:
        built_with = "nothing"
    with zipfile.ZipFile(os.path.join(wheel_directory, filename), "w") as z:
        z.writestr(dist + "/__init__.py", "WHO = %r\\nVERSION = %r\\nBUILT_WITH = %r\\n" % (SAYS, VERSION, built_with))
        z.writestr(info + "/METADATA", "Metadata-Version: 2.1\\nName: %s\\nVersion: %s\\n" % (NAME, VERSION)
                   + "".join("Requires-Dist: %s\\n" % r for r in REQUIRES))
        z.writestr(info + "/WHEEL", "Wheel-Version: 1.0\\nGenerator: tests\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        z.writestr(info + "/RECORD", "")
    return filename
build_editable = build_wheel
'''


def source_tree(name: str, version: str, *, build_requires: tuple[str, ...] = (), requires: tuple[str, ...] = (), says: str = "",
                dynamic: tuple[str, ...] = (), helper: str = "acme_build", code: str = "", metadata_name: str | None = None) -> dict[str, str]:
    """The files of a project with an in-tree backend; the wheel that it builds says which build helper it was built with."""
    listed = ", ".join(f'"{r}"' for r in build_requires)
    return {
        "pyproject.toml": f'[build-system]\nrequires = [{listed}]\nbuild-backend = "backend"\nbackend-path = ["."]\n',
        "backend.py": _BACKEND.format(values=(metadata_name or name, version, requires, says, dynamic), helper=helper, code=code),
        "PKG-INFO": metadata_of(name, version).decode(),
    }


def sdist(name: str, version: str, **options: object) -> File:
    """An sdist of ``source_tree``."""
    distribution = name.replace("-", "_")
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for path, text in source_tree(name, version, **options).items():  # type: ignore[arg-type]
            member = tarfile.TarInfo(f"{distribution}-{version}/{path}")
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return File(f"{distribution}-{version}.tar.gz", buffer.getvalue())
