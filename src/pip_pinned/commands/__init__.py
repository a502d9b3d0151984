"""What do people type? One file a verb, each thin: ``main(args, project)`` returns an exit code.

It may raise PipPinnedError, which ``cli`` shows: exit code 2 for ``usage``, 1 for all others.

Import rule: every other room, lazily, so that no verb pays for another's imports.
"""
