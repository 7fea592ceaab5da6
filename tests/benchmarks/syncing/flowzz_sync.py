"""`python -m tests.benchmarks.syncing.flowzz_sync EMAIL`: a full sync; prints what it took."""

import json
import resource
import sys
import time

import django

django.setup()

from flowzz.core.db.jobs import JobState
from integrations.models import Integration, Trigger
from integrations.sync import runs

if __name__ == "__main__":
    integration = Integration.objects.select_related("user").get(user__email=sys.argv[1])
    run = runs.request_run(integration, Trigger.USER, is_full=True)
    started = time.perf_counter()
    runs.execute(run.id)
    seconds = time.perf_counter() - started
    run.refresh_from_db()
    assert run.state == JobState.SUCCEEDED, run.error
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"seconds": seconds, "rows": run.processed, "kilobytes": kilobytes}))  # noqa: T201 - the result
