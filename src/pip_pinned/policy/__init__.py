"""What is allowed? Frozen data and pure functions; nothing here reads a file or a socket.

Import rule: the standard library only. This room and ``enforce`` are the kernel: they run by path
inside interpreters in which neither pip-pinned nor any of its dependencies is installed.
"""
