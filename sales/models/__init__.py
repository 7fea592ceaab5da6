"""The tables of sales, subscriptions, affiliation requests, daily stats and exports."""

from sales.models.affiliations import AffiliationRequest
from sales.models.daily_stats import DailyClientStat, DailyStat, DailyTotal, DirtyDay
from sales.models.exports import Export, ExportPart
from sales.models.history import ChangeSource, Origin, SaleStatusChange
from sales.models.merges import SaleMerge
from sales.models.sales import CAMPAIGN_PATH, CAMPAIGN_START, MAX_INDEXED, Sale
from sales.models.subscriptions import Subscription, SubscriptionCycle
