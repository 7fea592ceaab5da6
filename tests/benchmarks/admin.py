"""`make bench-admin`: each page of the back-office on a million sales, its time and statements.

`python -m tests.benchmarks.admin [SALES] [--keep]`: with `--keep` the filled database stays, and
the next run with it measures at once.
"""

from argparse import ArgumentParser

from tests.benchmarks.place import own_database

if __name__ == "__main__":
    parser = ArgumentParser()
    parser.add_argument("sales", type=int, nargs="?", default=1_000_000)
    parser.add_argument("--keep", action="store_true")
    asked = parser.parse_args()
    with own_database(is_kept=asked.keep):
        from tests.benchmarks import admin_pages  # it needs Django, and Django this environment

        admin_pages.run(asked.sales)
