"""What do options, environment and requirements files add to what is declared?

Import rule: ``policy``. Not trusted: ``policy.guard`` compares what comes out with what is declared
before it is in force.
"""
