"""A private index on 127.0.0.1:8765 with acme-core 1.4.0, for trying the examples. Stop it with Ctrl-C."""

from __future__ import annotations

import sys
import threading

from pip_pinned.commands.demo_indexes import DemoIndex, wheel

if __name__ == "__main__":
    index = DemoIndex(int(sys.argv[1]) if len(sys.argv) > 1 else 8765)
    index.files = [wheel("acme-core", "1.4.0", "the company")]
    with index:
        print(f"listening on {index.url}", flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            pass
