#!/usr/bin/env python
"""Runs `up` and Django's commands. Embedded servers are started where none are configured."""

import os
import sys

from flowzz.local.servers import bootstrap
from flowzz.local.servers.handles import ServerFailed


def main() -> None:
    if sys.argv[1:2] == [bootstrap.UP]:
        from flowzz.local import up  # noqa: PLC0415 - no other command needs it

        up.main(sys.argv[2:])
    try:
        bootstrap.prepare(os.environ, sys.argv[1:])
    except ServerFailed as error:
        sys.exit(str(error))
    from django.core.management import execute_from_command_line  # noqa: PLC0415 - reads settings

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flowzz.settings")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
