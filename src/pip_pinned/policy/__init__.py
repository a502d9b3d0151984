"""What is allowed? Frozen data and pure functions; nothing here reads a file or a socket.

Import rule: the standard library only. With ``enforce`` and ``start`` this room is what has to be
trusted, all of it but ``merge``, whose results ``guard`` judges. It runs by path inside
interpreters in which neither pip-pinned nor any of its dependencies is installed.
"""
