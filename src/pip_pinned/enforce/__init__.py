"""How does pip obey? Seams of pip, what stands in their place, and the children that pip starts.

Import rule: the standard library, ``policy`` and pip itself; this is the only room that imports
pip, and it does so inside functions, because it is in place before any module of pip is loaded.

A seam is one attribute of one module of pip, with the signatures it is known to have (``seams``).
What stands in its place is written beside its purpose: where a name is looked up (``lookup``), what
artifact is about to be used (``artifacts``), what leaves the machine (``egress``, ``transport``),
with which secret (``credentials``, ``keyrings``) and what is kept of the answer (``caches``), what
people wrote (``options``, ``requirements``), what pip shows (``discretion``), and what pip starts
(``children``). Own commands ask ``effective`` what a run would be like, and start pip by
``worker``. ``canary`` asks the patched finder a question with a known answer before the first real
one. Version numbers choose messages, never trust: a seam that is missing or has another signature
stops the run. What has been found out so far, and may be requested therefore, stands in ``ledger``.

What lives through a whole run is a plain class here and not a dataclass: making one costs start-up
time.
"""
