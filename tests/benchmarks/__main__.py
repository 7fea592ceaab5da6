"""`python -m tests.benchmarks [NAME …]`: measure on a new database and print one table.

NAME is intake, drain, sync, clock, memory, statements, metrics, streams, visible, neighbours,
processes, growth, backlog or bloat. All are measured by default.
"""

from tests.benchmarks.database import own_database

if __name__ == "__main__":
    with own_database():
        from tests.benchmarks import suite  # needs the environment set above

        suite.run()
