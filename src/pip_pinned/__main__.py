"""``python -m pip_pinned``."""

import os
import sys

if sys.path[0] in ("", os.getcwd()):  # as pip does: what lies in the working directory is not to be imported
    sys.path.pop(0)

from pip_pinned.cli import main

if __name__ == "__main__":
    main()
