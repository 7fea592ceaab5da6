"""Back-office pages of integrations.

Importing this package registers all its ModelAdmin classes, and extends the pages of clients
(`client_page`), sales (`sale_page`) and users (`user_page`, `new_seller`); `urls` has the pages
without a model.
"""

from integrations.admin import client_page, new_seller, sale_page, user_page
from integrations.admin.alerts import handling, recipients
from integrations.admin.alerts.admin import AlertAdmin
from integrations.admin.bulk_actions import BulkActionAdmin
from integrations.admin.events import detail_actions
from integrations.admin.events.admin import WebhookEventAdmin
from integrations.admin.imports import SalesImportAdmin
from integrations.admin.integrations import trial, views
from integrations.admin.integrations.admin import IntegrationAdmin, WebhookTokenAdmin
from integrations.admin.integrations.refusals import WebhookRefusalAdmin
from integrations.admin.status_mappings import StatusMappingAdmin
from integrations.admin.sync.findings import SyncFindingAdmin
from integrations.admin.sync.run_admin import SyncRunAdmin
from integrations.admin.sync.schedule import ScheduledTaskAdmin
