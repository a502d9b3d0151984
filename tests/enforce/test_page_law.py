"""For any page: what counts as hashed, a file or its metadata, is checked by pip against that very
hash (CONTRACT 1.6, 4.12).
"""

from __future__ import annotations

import pytest

from tests.running import Machine

# 2,000 links as pages may have them, read by pip, then by us; then pip is given the right content
# and another one.
_LAW = """
import hashlib, random
from pip._internal.exceptions import InstallationError
from pip._internal.models.link import Link
from pip._internal.req.constructors import install_req_from_line
from pip_pinned.enforce import links
from pip_pinned.policy.urls import BadUrl, Url

GOOD, EVIL = b"good", b"evil"
PAGE = "https://h.example/simple/acme-core/"
dice = random.Random(1)

def digest(algorithm):
    right = hashlib.new(algorithm if algorithm in hashlib.algorithms_guaranteed and "shake" not in algorithm else "sha256", GOOD).hexdigest()
    return dice.choice([right, right, right, right.upper(), right[:-1], right + "0", right[:-1] + "g", "0" * len(right), "", " " + right, right + "\\n", "\\u0660" * 64])

def algorithm():
    return dice.choice(["sha256", "sha256", "sha512", "sha384", "sha224", "sha1", "md5", "SHA256", "sha3_256", "blake2b", "", "sha256 "])

def odd():
    return dice.choice([None, True, 5, [], {}, ["sha256"]])

def pairs(values=digest):
    return {name: odd() if dice.random() < 0.02 else values(name) for name in (algorithm() for _ in range(dice.randint(0, 3)))}

def metadata():
    return dice.choice([None, True, False, {}, pairs(), pairs(), pairs(), odd()])

def link():
    url = dice.choice(["https://h.example/f/", "https://cdn.example/f/", "../../f/", "http://h.example/f/"]) + "acme_core-1.0-py3-none-any.whl"
    fragment = "&".join(dice.choice([f"{name}={value}", "egg=acme-core", name, "subdirectory=x"]) for name, value in pairs().items())
    if dice.random() < 0.5:
        url += dice.choice(["", "#" + fragment])
        file = {"filename": "acme_core-1.0-py3-none-any.whl", "url": url, "hashes": pairs()}
        file.update((key, metadata()) for key in ("core-metadata", "dist-info-metadata", "data-dist-info-metadata") if dice.random() < 0.5)
        return Link.from_json(file, PAGE)
    attributes = {"href": url + dice.choice(["#", "#", "#", "?x#", ""]) + fragment}
    for key in ("data-core-metadata", "data-dist-info-metadata"):
        if dice.random() < 0.5:
            attributes[key] = dice.choice(["true", "", "false", "=", *(f"{name}={value}" for name, value in pairs().items())])
    return Link.from_element(attributes, PAGE, PAGE)

def accepts(hashes, content):
    try:
        hashes.check_against_chunks(iter([content]))
    except InstallationError:
        return False
    return True

def is_checked(hashes, known):
    assert not accepts(hashes, EVIL)
    assert accepts(hashes, GOOD) == (known.digest == hashlib.new(known.algorithm, GOOD).hexdigest())

def is_beside(url):
    try:
        return Url(PAGE).is_same_origin(Url(url))
    except BadUrl:  # it is never asked for
        return True

counted = described = 0
for number in range(2000):
    try:
        found = link()
    except (TypeError, AttributeError):  # what pip itself cannot read
        continue
    if found is None:
        continue
    links.settle(found, Url(PAGE))
    if links.vouches(found):
        counted += 1
        requirement = install_req_from_line("acme-core")
        requirement.link = found
        is_checked(requirement.hashes(trust_internet=True), links.hash_of(found))
    beside = found.metadata_link()
    if links.metadata_vouches(found):
        described += 1
        is_checked(beside.as_hashes(), links._metadata_hash(found))
    elif beside is not None:
        assert is_beside(found.url), found.url
print(counted, described)
"""


@pytest.mark.pips
def test_what_counts_as_hashed_is_checked(machine: Machine) -> None:
    machine.write("law.py", _LAW)
    done = machine.run_script("law.py")
    assert done.code == 0, done.text
    counted, described = map(int, done.out.split())
    assert counted > 200 and described > 20
