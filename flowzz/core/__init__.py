"""The base of all apps: environment, ids, Redis, logging, rate limits, API, database, server.

It imports no app of this project. Each package names its entry points.
"""
