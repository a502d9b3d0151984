"""How does it look? Dataclasses in, text out.

Import rule: ``policy`` and rich. Only this room prints to stdout; everything it draws honours NO_COLOR, TERM=dumb and a
stdout that is no terminal.
"""
