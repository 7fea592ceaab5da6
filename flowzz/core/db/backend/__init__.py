"""Our PostgreSQL backend for Django, which its settings name: `base`.

Entry points: `compiled_queries`, and `loop_connection` for event loops.
"""
