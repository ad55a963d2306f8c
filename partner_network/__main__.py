"""Let `python -m partner_network` do what `partner-network` does."""

import sys

from partner_network import cli

if __name__ == "__main__":
    sys.exit(cli.main())
