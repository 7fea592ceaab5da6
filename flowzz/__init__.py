"""The project package: settings, the API's envelope, logs, health."""
