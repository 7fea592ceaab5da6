"""`make bench-limits`: time and memory of what shows, exports, searches or reads the worst input.

`python -m tests.benchmarks.limits [NAME …]`: only what has one of these in its name.
"""

import sys

from tests.benchmarks.database import own_database

if __name__ == "__main__":
    with own_database():
        from tests.benchmarks.limits import costs  # needs the environment set above

        costs.run(sys.argv[1:])
