"""`manage.py coinzz_sync`: another name of `manage.py sync --provider coinzz`.

Kept for the scripts and documents of people who run Flowzz.
"""

from argparse import ArgumentParser

from integrations.management.commands import sync


class Command(sync.Command):
    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.set_defaults(provider="coinzz")
