"""How do own commands reach pip? With the settings that it would have (``settings``), as a child or
as their last act (``process``).

Import rule: ``start`` and what is below it.
"""
