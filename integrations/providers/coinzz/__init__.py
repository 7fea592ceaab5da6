"""Coinzz: everything the product knows about this platform. README.md describes the modules.

Entry point: `CoinzzProvider`, which `integrations.providers.registry` lists.
"""

from integrations.providers.coinzz.adapter import COINZZ, CoinzzProvider

__all__ = ["COINZZ", "CoinzzProvider"]
