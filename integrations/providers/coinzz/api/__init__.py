"""Coinzz's HTTP API. Entry point: `client.CoinzzClient`."""
