"""The admin of sales, subscriptions and exports: importing it registers the pages.

Other apps extend a sale's page with `sale_page.timeline.SaleExtension`, and add an entry with
`sale_page.timeline_sources.staff_actions`.
"""

from sales.admin import sales  # isort: skip - registers the page that others extend
from sales.admin import (
    client_page,
    duplicates,
    exports,
    sale_merging,
    set_status,
    statuses,
    subscriptions,
)
from sales.admin.sale_page import notes
