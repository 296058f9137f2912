"""`python -m nn` is the command `chalkgrad`."""

import sys

from .command import main

sys.exit(main())
