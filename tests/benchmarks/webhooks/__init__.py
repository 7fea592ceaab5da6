"""Load on the webhook endpoint and on its peers. Entry points: `wrk.run`, `peers.application`."""
