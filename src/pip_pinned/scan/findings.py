"""What the facts of a project mean: findings with a code, a severity, what could happen, and what to do.

``CODES`` is the whole list. Which rule applies where stands in ``judge`` (files alone) and ``judge_answers`` (what indexes said).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from pip_pinned.policy import names, urls
from pip_pinned.policy.decision import Decider
from pip_pinned.policy.model import Policy, Strategy
from pip_pinned.scan.facts import EXTRA, LINKS, TRUSTED, Facts, Place, conceal, conceal_value, is_loopback, is_remote, literal_secret

HIGH, MEDIUM, LOW = "high", "medium", "low"
SEVERITIES = (HIGH, MEDIUM, LOW)


class Code(NamedTuple):
    """One kind of finding: how bad it is at most, what could happen, and the fix."""

    severity: str
    risk: str
    fix: str


CODES: Mapping[str, Code] = {
    "extra-index": Code(HIGH, "A name may come from either index: whoever registers yours on the other one with a higher version runs code here.",
                        "Pin your packages to their index: pip-pinned migrate."),
    "name-on-several-indexes": Code(HIGH, "Several indexes have a project of this name, and they need not be the same one.", "Pin it: pip-pinned pin NAME --index INDEX."),
    "private-name-free-on-public": Code(HIGH, "Nobody owns this name on the public index: anybody can claim it.", "Pin it, and register the name there if you can."),
    "pin-without-explicit": Code(LOW, "Names without a pin are searched on this index too: it can answer for any of them.", "Write explicit = true."),
    "unused-pin": Code(LOW, "Nothing in the project has this name; it may be misspelt, and the package meant is not pinned.", "Correct the name, or remove the pin."),
    "glob-matches-public": Code(MEDIUM, "The glob pins a name that is taken from another index, so an install stops there.", "Make the prefix longer, or pin that name exactly."),
    "plain-http": Code(HIGH, "Anybody on the way can change what is installed.", "Use https."),
    "trusted-host": Code(HIGH, "Nobody checks who answers for this host.", "Give pip the certificate (--cert), and take the option out."),
    "credential-in-file": Code(HIGH, "Everybody who can read the file has this secret.", "Write ${VARIABLE}, or use netrc, keyring or a secret of the CI; then change the secret."),
    "redirecting-index": Code(HIGH, "The index sends names that it does not have to another one, which anybody can publish on.", "Switch the forwarding off in the index, and pin your names."),
    "unhashed-lock": Code(MEDIUM, "The lock says which version, not which file.", "Lock again with hashes: pip-pinned lock."),
    "lock-without-index": Code(MEDIUM, "The lock does not say which index the file is from.", "Lock again: pip-pinned lock."),
    "direct-url": Code(LOW, "The package is whatever this URL gives; without a hash it may change.", "Take it from an index, or add its hash or a commit."),
    "find-links-remote": Code(HIGH, "Files of this page compete with those of the indexes for every name.", 'Declare it as an index with format = "flat", and pin names to it.'),
    "option-dropped-by-pip": Code(HIGH, "pip silently leaves out what stands second on the line.", "Write the option and the requirement on lines of their own."),
    "build-requirement-unpinned": Code(MEDIUM, "Build requirements come from the same indexes, and their code runs first.", "Pin it, or take the other indexes away."),
    "sync-any-index": Code(LOW, "Locked files may come from any index; their hashes are all that holds them.", "Take the setting out."),
    "unreadable": Code(LOW, "The file could not be read in full, so nothing is known of it.", "Correct it, or leave it out."),
}


class Finding(NamedTuple):
    """One finding. ``about`` is the name, URL or setting that it is about, as it may be shown."""

    code: str
    severity: str
    place: Place
    about: str
    message: str

    @property
    def fingerprint(self) -> str:
        """What it is recognised by in a baseline: not by its line."""
        return hashlib.sha256(repr((self.code, self.place.file, self.about)).encode()).hexdigest()[:16]


def judge(facts: Facts, policy: Policy, holds: Callable[[str], bool], installed: Iterable[str] = ()) -> list[Finding]:
    """Everything that files and local metadata say. ``holds`` evaluates markers, ``installed`` are the names of installed packages."""
    decider = Decider(policy, holds)
    found = [*_sources(facts, policy), *_secrets(facts), *_locks(facts, decider), *_names(facts, decider), *_pins(facts, policy, decider, installed)]
    found += [_finding(note.code, note.place, conceal(note.text), conceal(note.text)) for note in facts.notes]
    found += [_finding("unreadable", Place(file, 1), file, why) for file, why in facts.unread]
    return ordered(facts, found)


def ordered(facts: Facts, found: Iterable[Finding]) -> list[Finding]:
    """Without those that a comment silences, each once, the worst first."""
    kept = {finding: None for finding in found if not facts.ignored.get(finding.place, set()) & {finding.code, "*"}}
    return sorted(kept, key=lambda finding: (SEVERITIES.index(finding.severity), finding.code, finding.place, finding.about))


def _finding(code: str, place: Place, about: str, message: str, severity: str | None = None) -> Finding:
    return Finding(code, severity or CODES[code].severity, place, about, message)


def _sources(facts: Facts, policy: Policy) -> Iterator[Finding]:
    for source in facts.sources:
        shown = source.shown
        if source.kind == EXTRA and source.program != "pip-pinned":
            known = source.url is not None and any(index.default and urls.same_index(index.url, source.url) for index in policy.indexes)
            if not known:  # uv takes the first index that has the name, so a name that one of them lacks is what is open
                severity = MEDIUM if source.program == "uv" else None
                yield _finding("extra-index", source.place, shown, f"{shown} is searched beside the default index", severity)
        if source.kind == LINKS and is_remote(source.value):
            yield _finding("find-links-remote", source.place, shown, f"the files of {shown} are candidates for every name")
        if source.kind == TRUSTED:
            yield _finding("trusted-host", source.place, shown, f"{shown} is trusted without a certificate")
        elif source.value.lower().startswith("http://") and not is_loopback(source.value):
            yield _finding("plain-http", source.place, shown, f"{shown} is asked without TLS")


def _secrets(facts: Facts) -> Iterator[Finding]:
    values = [(source.value, source.place) for source in facts.sources] + [(named.url, named.place) for named in facts.names if named.url]
    for value, place in values:
        if literal_secret(value):
            yield _finding("credential-in-file", place, conceal_value(value), f"{conceal_value(value)} has a secret written into it")


def _locks(facts: Facts, decider: Decider) -> Iterator[Finding]:
    for entry in facts.locked:
        label = f"{entry.name} {entry.version}".strip()
        if not entry.hashed and not entry.direct:
            yield _finding("unhashed-lock", entry.place, label, f"{label} is locked without a hash")
        pinned = decider.decide(entry.name).pinned and decider.policy.declared
        if entry.source is None and not entry.direct:
            yield _finding("lock-without-index", entry.place, label, f"{label} is locked without its index", HIGH if pinned else None)
    by_file: dict[str, list[bool]] = {}
    for named in facts.names:
        if named.kind == "requirement" and named.url is None and named.place.file.rpartition("/")[2].lower().startswith("requirements") and named.exact:
            by_file.setdefault(named.place.file, []).append(named.hashed)
    for file, hashed in by_file.items():
        if any(hashed) and not all(hashed):
            yield _finding("unhashed-lock", Place(file, 1), file, f"{hashed.count(False)} of its exact versions have no hash")


def _names(facts: Facts, decider: Decider) -> Iterator[Finding]:
    open_to = [index for index in decider.policy.indexes if not index.explicit and not index.default]
    exposed = any(source.kind in (EXTRA, LINKS) and source.program != "pip-pinned" for source in facts.sources) or bool(open_to)
    for named in facts.names:
        if named.url is not None and not named.url.startswith("file:"):
            commit = "@" in named.url.rpartition("/")[2] and len(named.url.partition("#")[0].rpartition("@")[2]) >= 40
            severity = LOW if named.hashed or commit else MEDIUM
            yield _finding("direct-url", named.place, named.name, f"{named.name} comes from {conceal_value(named.url)}", severity)
        if named.kind == "build" and exposed and not decider.decide(named.name).pinned and decider.policy.strategy is not Strategy.PINNED_ONLY:
            yield _finding("build-requirement-unpinned", named.place, named.name, f"{named.name} is a build requirement, may come from several indexes, and has no pin")


def _pins(facts: Facts, policy: Policy, decider: Decider, installed: Iterable[str]) -> Iterator[Finding]:
    known = {named.name for named in facts.names} | {entry.name for entry in facts.locked} | set(map(names.normalize, installed))
    open_to = {index.name.lower(): index for index in policy.indexes if not index.explicit and not index.default}
    seen: set[str] = set()
    for pin in policy.pins:
        place = place_of(pin.origin)
        index = open_to.get((pin.index_name or "").lower())
        if index is not None and index.name not in seen and policy.strategy is not Strategy.DEFAULT_INDEX:
            seen.add(index.name)
            yield _finding("pin-without-explicit", place_of(index.origin), index.name, f"packages are pinned to {index.name}, which is open to all other names too")
        matches = [name for name in known if (names.glob_regex(pin.pattern).fullmatch(name) is not None if names.is_glob(pin.pattern) else name == pin.pattern)]
        if not matches and facts.locked and pin.index_name is not None:
            yield _finding("unused-pin", place, pin.pattern, f"no requirement, lock or installed package is called {pin.pattern}")
    if policy.sync_any_index and not any(note.code == "sync-any-index" for note in facts.notes):
        yield _finding("sync-any-index", place_of(policy.pins[0].origin if policy.pins else "pyproject.toml:1")._replace(line=1), "sync-any-index", "locked files may come from any index")
    for entry in facts.locked:
        decision = decider.decide(entry.name)
        glob = decider.pin(entry.name)
        if glob is None or not names.is_glob(glob.pattern) or entry.source is None or not decision.indexes:
            continue
        index = decision.indexes[0]
        if entry.source.lower() != index.name.lower() and not urls.same_index(entry.source, index.noted):
            yield _finding("glob-matches-public", place_of(glob.origin), entry.name, f"{glob.pattern} pins {entry.name} to {index.name}, and {entry.place} has it from {conceal_value(entry.source)}")


def place_of(origin: str) -> Place:
    """The place behind the origin of a pin or index."""
    file, _, line = origin.rpartition(":")
    return Place(file, int(line)) if file and line.isdigit() else Place(origin, 1)


# -- what the indexes answered ------------------------------------------------------------------------------------


class Answer(NamedTuple):
    """What an index said about a name: ``has`` is None where nobody can tell; ``forwards_to`` is where it sent the question on to."""

    has: bool | None
    forwards_to: str = ""


def judge_answers(facts: Facts, answers: Mapping[str, Mapping[str, Answer]], shown: Mapping[str, str], public: Iterable[str], decider: Decider) -> list[Finding]:
    """Findings out of ``answers``: by index (its name or URL), by project. ``shown`` has the index's URL as it may be shown, ``public`` the public ones."""
    everybody = set(public)
    first: dict[str, Place] = {}
    for name, place in [*((named.name, named.place) for named in facts.names), *((entry.name, entry.place) for entry in facts.locked)]:
        first.setdefault(name, place)
    found = []
    for index, said in answers.items():
        forwards = next((answer.forwards_to for answer in said.values() if answer.forwards_to), "")
        if forwards:
            place = next((source.place for source in facts.sources if source.url is not None and urls.same_index(source.url, shown[index])), Place("(indexes)", 1))
            found.append(_finding("redirecting-index", place, shown[index], f"{shown[index]} sends names that it does not have to {forwards}"))
    for name, place in first.items():
        have = [index for index, said in answers.items() if name in said and said[name].has]
        pinned = decider.decide(name).pinned
        if len(have) > 1 and not pinned:
            found.append(_finding("name-on-several-indexes", place, name, f"{name} is on {' and '.join(shown[index] for index in have)}"))
        asked_public = [index for index in everybody if index in answers and name in answers[index]]
        if have and not everybody & set(have) and asked_public and all(answers[index][name].has is False for index in asked_public):
            severity = LOW if pinned else HIGH
            found.append(_finding("private-name-free-on-public", place, name, f"{name} is on {shown[have[0]]} only: the name is free on {shown[asked_public[0]]}", severity))
        pin = decider.pin(name)
        if pin is not None and names.is_glob(pin.pattern) and everybody & set(have) and decider.decide(name).indexes[0].name not in have:
            found.append(_finding("glob-matches-public", place_of(pin.origin), name, f"{pin.pattern} matches {name}, which is on {shown[next(iter(everybody & set(have)))]} and not on the pinned index"))
    return ordered(facts, found)
