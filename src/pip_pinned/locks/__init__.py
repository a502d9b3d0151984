"""How is a resolution written down, and read again? What to lock, pylock.toml (PEP 751), and hashed requirements.

May import ``policy``, packaging and tomlkit. Nothing here asks an index or starts pip.
"""
