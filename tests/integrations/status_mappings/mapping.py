"""Map the only unknown word, and carry out what follows."""

from flowzz.accounts.models import User
from integrations.bulk_actions import bulk_jobs
from integrations.models import BulkAction, StatusMapping


def remap(status: str, by: User) -> BulkAction:
    action, _ = bulk_jobs.request_remap(StatusMapping.objects.get(), status, by=by)
    bulk_jobs.execute(action.id)
    action.refresh_from_db()
    return action
