"""What the files of a project say about indexes and packages, without running any of them.

May use: ``policy``. It runs nothing, imports nothing of a project's, and asks nobody.
"""
