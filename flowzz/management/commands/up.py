"""`manage.py up`: everything on this machine, until Ctrl-C."""

import os
import signal
import time
from functools import partial
from types import FrameType
from typing import NoReturn

import requests
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from flowzz.embedded.home import STATE
from flowzz.embedded.servers import ServerFailed, memberships
from flowzz.launcher import demo, folder, parts
from flowzz.launcher.place import Place, PortTaken
from flowzz.launcher.supervisor import PartFailed, Supervisor

LOGS = STATE / "logs"
START_SECONDS = 90.0
WATCH_SECONDS = 0.5
EXPECTED = (
    demo.DemoFailed,
    folder.AlreadyRunning,
    PartFailed,
    PortTaken,
    ServerFailed,
    requests.RequestException,
)


class Command(BaseCommand):
    help = "Start web, worker, beat and the Coinzz sandbox on 127.0.0.1, until Ctrl-C."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=8000, help="of the web server (8000)")
        parser.add_argument("--demo", action="store_true", help="with demo users and orders")

    def handle(self, *, port: int, demo: bool, **options: object) -> None:
        leave_on_signals()
        try:
            with folder.alone():
                place = Place.choose(port, os.environ)
                with (
                    folder.sharing(place.variables(os.environ)),
                    Supervisor(logs=LOGS, report=self.say) as supervisor,
                ):
                    self.run(place, supervisor, with_demo=demo)
        except EXPECTED as error:
            raise CommandError(str(error)) from None

    def run(self, place: Place, supervisor: Supervisor, *, with_demo: bool) -> NoReturn:
        """Start the parts, as many as possible at the same time, and look after them."""
        self.say("Flowzz is starting ...")
        environ = place.environment(os.environ)
        if place.sandbox_port:
            supervisor.start(parts.sandbox(place.sandbox_port, STATE / "sandbox.db"), environ)
        supervisor.start(parts.web(place.port), environ)
        migrate()
        supervisor.start(parts.worker(), environ)
        supervisor.start(parts.beat(), environ)
        logins = demo.create_users(STATE / "demo.env") if with_demo else None
        connection.close()
        for url in filter(None, (f"{place.base_url}/health/ready", place.sandbox_url)):
            supervisor.wait_until(partial(answers, url), what=url, seconds=START_SECONDS)
        if logins and place.sandbox_url:
            demo.connect(
                base_url=place.base_url,
                sandbox_url=place.sandbox_url,
                password=logins.user_password,
            )
        self.describe(place, logins)
        look_after(supervisor)

    def describe(self, place: Place, logins: demo.Logins | None) -> None:
        lines = {
            "API": f"{place.base_url}/api/v1",
            "API docs": f"{place.base_url}/api/docs",
            "Back-office": f"{place.base_url}/admin/",
            "Coinzz": place.sandbox_url or os.environ["COINZZ_API_URL"],
            "Logs": f"{LOGS}/ (web, worker, beat, sandbox)",
        }
        if logins:
            lines["Admin login"] = f"{demo.ADMIN_EMAIL}  {logins.admin_password}"
            lines["User login"] = f"{demo.USER_EMAIL}  {logins.user_password}"
        self.say("Flowzz runs, for this machine alone. Ctrl-C stops it.\n")
        for name, value in lines.items():
            self.say(f"  {name:<12} {value}")
        self.say(f"\nready: {place.base_url}")

    def say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def leave_on_signals() -> None:
    """Leave the program by its `finally`s at Ctrl-C, at a kill or when the terminal closes."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def leave(number: int, frame: FrameType | None) -> NoReturn:
        for each in numbers:  # once is enough: the way out must not be interrupted
            signal.signal(each, signal.SIG_IGN)
        raise SystemExit(0)

    for number in numbers:
        signal.signal(number, leave)


def migrate() -> None:
    """Bring the database to the code's state; where it is, know it quickly."""
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        call_command("migrate", interactive=False, verbosity=0)


def answers(url: str) -> bool:
    """Whether a program of this machine says 200 there."""
    with requests.Session() as session:
        session.trust_env = False  # no proxy between programs of one machine
        try:
            return session.get(url, timeout=5).ok
        except requests.RequestException:
            return False


def look_after(supervisor: Supervisor) -> NoReturn:
    """Keep the parts and the embedded servers running."""
    servers = memberships(os.environ)
    while True:
        supervisor.watch()
        for server in servers:
            server.is_ready()
        time.sleep(WATCH_SECONDS)
