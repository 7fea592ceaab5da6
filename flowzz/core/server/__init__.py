"""The web server's side of the application: an RSGI adapter, held responses, security headers.

Entry points: `rsgi.Application`, `held_responses.HELD_RESPONSE`, `security_headers`; for other RSGI
applications `bodies`, `thread_pools` and `time_limits`.
"""
