"""A rehearsal: pip's own functions run before pip runs them, to learn what they would ask for.

They run on a fork of the ledger (``Ledger.fork``), of which nothing comes back. Where a request
would leave (``egress.urlopen``), ``NotYet`` is raised instead, and carries the request out, through
whatever frames of pip lie in between, to whoever rehearses: it is no ``Exception``, so that nobody
takes it for a fault. Nothing else is raised for this purpose, and it is raised nowhere else, but by
what a rehearsal must not do at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pip_pinned.enforce.answers import Ticket
    from pip_pinned.enforce.ledger import Ledger


class NotYet(BaseException):
    """The rehearsal goes no further: for want of the answer to the request ``ticket``, or (None) of
    something else.
    """

    def __init__(self, ticket: Ticket | None = None) -> None:
        super().__init__()
        self.ticket = ticket


def leave_to_pip(ledger: Ledger) -> None:
    """End a rehearsal before something that is to happen once, such as asking a keyring."""
    if ledger.is_ahead:
        raise NotYet
