"""Webhooks on the RSGI server, in its event loop. Entry point: `server.WebhookServer`."""
