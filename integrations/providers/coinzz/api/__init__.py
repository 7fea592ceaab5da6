"""Coinzz's HTTP API. Entry points: `client.CoinzzClient`, its `settings`, and `probe`."""
