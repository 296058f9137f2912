"""`python -m benchmarks [--quick]`"""

import argparse

from . import eager

parser = argparse.ArgumentParser(prog="benchmarks", description="Ratios of times against peers, in one run.")
parser.add_argument("--quick", action="store_true", help="fewer repeats")
eager.main(parser.parse_args().quick)
