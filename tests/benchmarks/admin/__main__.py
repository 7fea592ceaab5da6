"""`make bench-admin`: time and SQL statements of each admin page with a million sales.

`python -m tests.benchmarks.admin [SALES] [--keep]`: with `--keep` the filled database is kept and
used again by the next run with `--keep`.
"""

from argparse import ArgumentParser

from tests.benchmarks.database import own_database

if __name__ == "__main__":
    parser = ArgumentParser()
    parser.add_argument("sales", type=int, nargs="?", default=1_000_000)
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args()
    with own_database(keep=options.keep):
        from tests.benchmarks.admin import pages  # needs the environment set above

        pages.run(options.sales)
