"""Where does the policy come from? One reader a dialect; every mistake is reported at once, with file and line.

Import rule: the standard library, ``policy``, and packaging (only where a marker has to be understood);
tomli stands in for tomllib on Python 3.10. This room does not know pip: what pip is told about sources is
read by pip's own parser and combined with the declared policy in ``policy.sources``.
"""
