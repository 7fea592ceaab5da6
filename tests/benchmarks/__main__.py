"""`python -m tests.benchmarks`: measure on a database of its own and print one table."""

from tests.benchmarks.place import own_database

if __name__ == "__main__":
    with own_database():
        from tests.benchmarks import suite  # it needs Django, and Django this environment

        suite.run()
