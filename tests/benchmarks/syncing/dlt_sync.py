"""`python dlt_sync.py API_URL FOLDER`: the same sync by dlt, REST to PostgreSQL, merged by number.

It runs in an environment of its own, without Flowzz. DESTINATION is the database's URL.
"""

import json
import os
import resource
import sys
import time

import dlt
from dlt.sources.rest_api import rest_api_source


def main(api_url: str, folder: str) -> None:
    source = rest_api_source(
        {
            "client": {
                "base_url": api_url,
                "paginator": {
                    "type": "page_number",
                    "base_page": 1,
                    "total_path": "meta.last_page",
                },
            },
            "resources": [
                {
                    "name": "sales",
                    "write_disposition": "merge",
                    "primary_key": "order__order_number",
                    "endpoint": {"path": "sales", "data_selector": "data"},
                }
            ],
        }
    )
    destination = dlt.destinations.postgres(os.environ["DESTINATION"])
    pipeline = dlt.pipeline(
        "flowzz_bench", pipelines_dir=folder, destination=destination, dataset_name="dlt_bench"
    )
    started = time.perf_counter()
    pipeline.run(source)
    seconds = time.perf_counter() - started
    rows = pipeline.last_trace.last_normalize_info.row_counts["sales"]
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"seconds": seconds, "rows": rows, "kilobytes": kilobytes}))  # noqa: T201 - the result


if __name__ == "__main__":
    main(*sys.argv[1:])
