"""Other ways to do the same work, measured beside the product in one run."""

from pathlib import Path
from typing import Final
from uuid import UUID

PEERS: Final = Path(__file__).parents[3] / ".flowzz" / "peers" / "bin" / "python"
"""The interpreter of the peers' own environment, which `make bench` prepares."""

STRIPE_ACCOUNT: Final = "acct_1Flowzz"
STRIPE_ENDPOINT: Final = UUID(int=1)
STRIPE_SECRET: Final = "whsec_of_benchmarks_alone"
