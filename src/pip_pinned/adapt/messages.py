"""What is said when the kernel stops a run: package, index, redacted URL, answer, indexes not considered,
next step (CONTRACT 4.3).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pip_pinned.adapt import credentials
from pip_pinned.enforce.ledger import Listing, Question
from pip_pinned.enforce.run import Run
from pip_pinned.policy import urls
from pip_pinned.policy.errors import PipPinnedError
from pip_pinned.policy.merge import url_texts
from pip_pinned.policy.model import Decision, Index
from pip_pinned.policy.ownership import variable_prefixes
from pip_pinned.policy.urls import Url

_HINTS = {
    "name-not-pinned": "Pin it in [tool.pip-pinned.sources], or for one run with --pin "
    "{name}=INDEX.",
    "no-index-pinned": 'Leave --no-index out, or pin {name} to an index with format = "flat".',
    "not-on-an-index": "Give it to pip as a path or URL yourself, or pin it to an index.",
}
_MESSAGES = {
    "name-not-pinned": "{name} has no pin, and the policy allows pinned packages only.",
    "no-index-pinned": "{name} is pinned to an index, and --no-index forbids asking it.",
    "not-on-an-index": "{name} is declared to come from no index, so no index is asked for it.",
}


def error(run: Run, code: str, facts: dict[str, Any]) -> PipPinnedError:
    """The error with this code: what has happened is told by ``facts``, as the kernel has them."""
    words: dict[tuple[str, str], Callable[..., PipPinnedError]] = {
        ("direct-reference-refused", "url"): _direct_reference_refused,
        ("index-auth-failed", "questions"): _auth_failed,
        ("index-unavailable", "listing"): _not_given,
        ("index-unavailable", "questions"): _unavailable,
        ("inherit-conflict", "why"): _inherit_conflict,
        ("lock-entry-refused", "beside"): _beside_the_lock,
        ("lock-entry-refused", "there"): _locked_elsewhere,
        ("name-on-several-indexes", "questions"): _on_several,
        ("off-origin-file", "how"): _off_origin,
        ("off-origin-file", "shown"): _no_address,
        ("pin-conflict", "why"): _widened,
        ("pin-not-found", "questions"): _pin_not_found,
    }
    for (about, fact), say in words.items():
        if about == code and fact in facts:
            return say(run, **facts)
    if code == "policy-missing":
        what = "Nothing is installed: pip asked for a package before its policy was read."
        return PipPinnedError(code, what)
    return _refused(facts["decision"], code)


def _widened(run: Run, why: str) -> PipPinnedError:
    return PipPinnedError(
        "pin-conflict",
        "Nothing is installed: options, environment or files would widen the declared policy: "
        f"{why}.",
    )


def _beside_the_lock(run: Run, beside: str | None) -> PipPinnedError:
    return PipPinnedError(
        "lock-entry-refused",
        f"pip is about to use {beside or 'a file without a name'}, which the lock does not name.",
        hint="Lock again under the policy.",
    )


def _locked_elsewhere(run: Run, listing: Listing, url: Url, there: Url) -> PipPinnedError:
    index = "a directory" if listing.index is None else listing.index.name
    return PipPinnedError(
        "lock-entry-refused",
        f"The locked file of {listing.name} is redirected to another origin, and {index} does not "
        "list it with this hash.",
        context=f"file: {url}\nredirected to: {there}",
        hint="Lock again under the policy.",
    )


def _no_address(run: Run, listing: Listing, shown: str, why: str) -> PipPinnedError:
    return PipPinnedError(
        "off-origin-file",
        f"A file of {listing.name} is redirected to what is no address on a network.",
        context=f"page: {urls.redact(listing.page)}\nredirected to: {shown} ({why})",
    )


def _off_origin(
    run: Run, listing: Listing, page: Url, how: str, url: Url, *, is_hashed: bool
) -> PipPinnedError:
    why = "is secure and the file is not" if is_hashed else "gives no hash for it"
    allow = f'allow-file-hosts = ["{url.host}"]'
    hint = (
        f"Let the index give a hash of it (sha256, sha384 or sha512), or set {allow} in the policy."
    )
    return PipPinnedError(
        "off-origin-file",
        f"A file of {listing.name} is on another origin than its index, and the index {why}.",
        context=f"package: {listing.name}\npage: {page} {how}\nfile: {url}",
        hint=hint if url.host else "",
    )


def _inherit_conflict(run: Run, name: str, index: Index, why: str, at: str) -> PipPinnedError:
    return PipPinnedError(
        "inherit-conflict",
        f"{name} is required by a package from {index.name}, and {why}.",
        context=f"{at}\ninherit = true: {index.origin}",
        hint=f"Pin it: --pin {name}=INDEX, or an entry in [tool.pip-pinned.sources].",
    )


def _direct_reference_refused(
    run: Run, decision: Decision, url: str, origin: Any
) -> PipPinnedError:
    index = decision.indexes[0].name if decision.indexes else "no index"
    if origin is None:
        origin = "the command line"
    elif not isinstance(origin, str):  # pip's InstallRequirement
        origin = origin.from_path()
    package = f"{decision.name} ({decision.because})"
    return PipPinnedError(
        "direct-reference-refused",
        f"{decision.name} may come from {index} only, not from a URL.",
        context=f"package: {package}\nurl: {urls.redact(url)}\nfrom: {url_texts.redact_text(origin)}",
        hint="Require it by name and version; a local path that you give pip yourself is allowed.",
    )


def _not_given(run: Run, listing: Listing, answer: str) -> PipPinnedError:
    index = "a local directory" if listing.index is None else listing.index.name
    shown = "" if listing.index is None else f" {listing.index.shown}"
    told = run.journal.discreet(run, answer)
    return PipPinnedError(
        "index-unavailable",
        f"{index} did not give a file of {listing.name}; nothing else is asked in its place.",
        context=f"package: {listing.name}\nindex: {index}{shown}\nanswer: {told}",
        hint="Try again when it works. --speed-limit and --speed-time say how slow it may be.",
    )


def _unavailable(run: Run, decision: Decision, questions: Sequence[Question]) -> PipPinnedError:
    index = questions[0].index.name
    return PipPinnedError(
        "index-unavailable",
        f"{index} did not answer whether it has {decision.name}; nothing else is asked in its "
        "place.",
        context="\n".join(_facts(decision, questions[0])),
        hint=f"Check the URL of {index} and the network, or try again when it works.",
    )


def _refused(decision: Decision, code: str) -> PipPinnedError:
    """A name that the policy does not let pip search at all."""
    return PipPinnedError(
        code,
        _MESSAGES[code].format(name=decision.name),
        context="\n".join([decision.because, *_ignored(decision)]),
        hint=_HINTS[code].format(name=decision.name),
    )


def _pin_not_found(run: Run, decision: Decision, questions: Sequence[Question]) -> PipPinnedError:
    question = questions[0]
    return PipPinnedError(
        "pin-not-found",
        f"{decision.name} is not on {question.index.name}, the only index it may come from.",
        context="\n".join(_facts(decision, question)),
        hint=f"Check its name and the URL of {question.index.name}, upload it there, or change "
        f"the pin ({decision.because}).",
    )


def _auth_failed(run: Run, decision: Decision, questions: Sequence[Question]) -> PipPinnedError:
    question = questions[0]
    variables = f"{variable_prefixes(question.index)[0]}_USERNAME and _PASSWORD"
    known = f"credentials: {credentials.described(run, question.index)}"
    return PipPinnedError(
        "index-auth-failed",
        f"{question.index.name} refused to say whether it has {decision.name}.",
        context="\n".join([*_facts(decision, question), known]),
        hint=f"Give credentials in the index URL, in {variables}, in netrc or in keyring; if this "
        "answer means that the project is not there, set "
        f"ignore-error-codes = [{question.status}] for {question.index.name}.",
    )


def _on_several(run: Run, decision: Decision, questions: Sequence[Question]) -> PipPinnedError:
    return PipPinnedError(
        "name-on-several-indexes",
        f"{decision.name} is on {len(questions)} indexes, and nothing says which one is meant.",
        context="\n".join(f"{one.index.name} {one.index.shown}" for one in questions),
        hint=f"Pin it: --pin {decision.name}=INDEX, or an entry in [tool.pip-pinned.sources].",
    )


def _facts(decision: Decision, question: Question) -> list[str]:
    if question.redirected_to:
        answer = (
            f"a redirect to another origin, {question.redirected_to}, "
            "which is not followed (follow-redirects)"
        )
    elif question.missing_sentinel:
        answer = (
            f"HTTP {question.status}, and its sentinel {question.missing_sentinel} is missing too: "
            "as for somebody without access"
        )
    elif question.status not in (None, 200):
        answer = f"HTTP {question.status}"
    elif question.failure:
        answer = question.failure
    else:
        answer = "no file of this project"
    return [
        f"package: {decision.name} ({decision.because})",
        f"index: {question.index.name} {question.index.shown}",
        f"answer: {answer}",
        *_ignored(decision),
    ]


def _ignored(decision: Decision) -> list[str]:
    return [f"not considered: {name} ({why})" for name, why in decision.not_considered]
