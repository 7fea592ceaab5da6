"""`make bench-admin`: each page of the back-office on a million sales, its time and statements."""

import sys

from tests.benchmarks.place import own_database

if __name__ == "__main__":
    with own_database():
        from tests.benchmarks import admin_pages  # it needs Django, and Django this environment

        admin_pages.run(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
