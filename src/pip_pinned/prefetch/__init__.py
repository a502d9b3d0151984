"""What will pip want next? A guest of the kernel: it chooses when something is asked, never what or
where.

Import rule: ``enforce``, ``policy``, pip. Not trusted: it gets tickets for requests that were
granted (``enforce.answers``), and the answers wait there for pip's own requests, without passing
through its hands. It is not loaded under ``--no-prefetch``.
"""
