"""How is pip made to obey?

Import rule: the standard library, ``policy`` and pip itself, whose modules are imported inside
functions, because this room is in place before any of them is loaded. ``start`` hands it what other
rooms add: it knows none of them.

A seam is one attribute of one module of pip, with the parameters it is known to have (``seams``,
``table``). What stands in its place is written beside its purpose: where a name is looked up
(``lookup``), what pip may choose from (``candidates``), what artifact is about to be used
(``artifacts``, ``links``), what leaves the machine (``egress``), where it is led (``redirects``),
over which session (``transport``), how long and how large an answer may be (``limits``), what is
kept of it (``http_cache``), and what pip starts (``children``, ``audit_hook``). ``ledger`` has what
has been found out so far, and may be requested therefore; ``run`` the policy in force. ``canary``
asks the patched finder a question with a known answer before the first real one. ``rehearsal`` and
``answers`` are what others need to ask ahead of pip, and cannot misuse.

What lives through a whole run is a plain class here and not a dataclass: making one costs start-up
time.
"""
