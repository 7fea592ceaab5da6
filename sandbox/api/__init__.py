"""What the sandbox serves: Coinzz's API with its faults, and the controls of demo and tests.

Entry points: `coinzz_api.CoinzzApi`, `controls.Controls`.
"""
