"""``python -m pip_pinned``."""

from pip_pinned.cli import main

if __name__ == "__main__":
    main()
