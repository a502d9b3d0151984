"""Who hands whom the seams? The one room that knows those of ``enforce``, ``adapt`` and
``prefetch`` together.

Import rule: these three, ``policy``, and the standard library. ``launch`` starts pip in this
process, ``child`` is the first code of a pip that pip has started.
"""
