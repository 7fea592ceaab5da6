"""What comes in from sales platforms: by webhooks, syncs and imports, which all call `ingest`.

Each package names its entry points. Beside them: `connection` connects, pauses and disconnects an
integration, `modes` says whether it uses the platform's API, `dispatch` enqueues `tasks`.
"""
