"""How does it fit into pip? Options, requirements files, credentials, messages and records.

Import rule: ``enforce``, ``policy``, pip. Not trusted: what is merged here is judged by
``policy.guard``, what is sent by ``enforce.egress``, what is used by ``enforce.artifacts``.
"""
