"""pip, with every package searched only on the index it is pinned to."""

__version__ = "0.1.0"
