"""``python -m retroml_edu`` is the command line."""

from __future__ import annotations

import sys

from retroml_edu.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
