"""``python -m smartserial`` is the ``smartserial`` command."""

import sys

from smartserial.cli import main

if __name__ == "__main__":
    sys.exit(main())
