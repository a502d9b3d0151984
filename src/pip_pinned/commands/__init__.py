"""What do people type? One file a verb, each thin: ``main(args, project)`` returns an exit code.

Import rule: every other room, lazily, so that no verb pays for another's imports.
"""
