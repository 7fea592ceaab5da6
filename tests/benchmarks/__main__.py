"""`python -m tests.benchmarks [NAME …]`: measure on a database of its own and print one table.

NAME is one of intake, drain, sync, statements, metrics, streams; all of them by default.
"""

from tests.benchmarks.place import own_database

if __name__ == "__main__":
    with own_database():
        from tests.benchmarks import suite  # it needs Django, and Django this environment

        suite.run()
