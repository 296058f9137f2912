"""`python -m chalkgrad` is the command `chalkgrad`."""

import sys

from nn.command import main

sys.exit(main())
