"""What is said when a look-up stops: package, index, redacted URL, answer, indexes not considered,
next step (CONTRACT 4.3).
"""

from __future__ import annotations

from collections.abc import Sequence

from pip_pinned.adapt import credentials
from pip_pinned.enforce.ledger import Question
from pip_pinned.enforce.run import Run
from pip_pinned.policy.errors import PipPinnedError
from pip_pinned.policy.model import Decision
from pip_pinned.policy.ownership import variable_prefixes
from pip_pinned.policy.status import Verdict

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


def refusal(
    run: Run, code: str, decision: Decision, questions: Sequence[Question]
) -> PipPinnedError:
    """The error in which a look-up ends, after these questions."""
    if not questions:
        return _refused(decision, code)
    if code == "name-on-several-indexes":
        return _on_several(decision, questions)
    if code == "pin-not-found":
        return _pin_not_found(decision, questions[0])
    if code == Verdict.AUTH_FAILED.value:
        return _auth_failed(run, decision, questions[0])
    return PipPinnedError(
        code,
        f"{questions[0].index.name} did not answer whether it has {decision.name}; nothing else is "
        "asked in its place.",
        context="\n".join(_facts(decision, questions[0])),
        hint=f"Check the URL of {questions[0].index.name} and the network, or try again when it "
        "works.",
    )


def _refused(decision: Decision, code: str) -> PipPinnedError:
    """A name that the policy does not let pip search at all."""
    return PipPinnedError(
        code,
        _MESSAGES[code].format(name=decision.name),
        context="\n".join([decision.because, *_ignored(decision)]),
        hint=_HINTS[code].format(name=decision.name),
    )


def _pin_not_found(decision: Decision, question: Question) -> PipPinnedError:
    """A pinned package that its index does not have."""
    return PipPinnedError(
        "pin-not-found",
        f"{decision.name} is not on {question.index.name}, the only index it may come from.",
        context="\n".join(_facts(decision, question)),
        hint=f"Check its name and the URL of {question.index.name}, upload it there, or change "
        f"the pin ({decision.because}).",
    )


def _auth_failed(run: Run, decision: Decision, question: Question) -> PipPinnedError:
    """An index that did not say whether it has the project, to whoever asked."""
    variables = f"{variable_prefixes(question.index)[0]}_USERNAME and _PASSWORD"
    known = f"credentials: {credentials.described(run, question.index)}"
    return PipPinnedError(
        Verdict.AUTH_FAILED.value,
        f"{question.index.name} refused to say whether it has {decision.name}.",
        context="\n".join([*_facts(decision, question), known]),
        hint=f"Give credentials in the index URL, in {variables}, in netrc or in keyring; if this "
        "answer means that the project is not there, set "
        f"ignore-error-codes = [{question.status}] for {question.index.name}.",
    )


def _on_several(decision: Decision, questions: Sequence[Question]) -> PipPinnedError:
    """A name that more than one index has, under unique-index."""
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
