"""`manage.py up`: everything on this machine, until Ctrl-C.

Without Django, which takes longer to load than all of this to start.
"""

import argparse
import os
import signal
import sys
import time
from collections.abc import Sequence
from types import FrameType
from typing import NoReturn

from flowzz.local import demo, processes, run_lock
from flowzz.local.addresses import LISTENING, Place, PortTaken
from flowzz.local.http_calls import CallFailed, answers
from flowzz.local.servers import bootstrap
from flowzz.local.servers.membership import ServerFailed, addresses_elsewhere, memberships
from flowzz.local.servers.paths import STATE
from flowzz.local.servers.process import ask_for_signal_at_parents_death
from flowzz.local.supervisor import PartFailed, Supervisor

LOGS = STATE / "logs"
START_SECONDS = 90.0
WATCH_SECONDS = 0.5
EXPECTED = (CallFailed, PartFailed, PortTaken, ServerFailed, run_lock.AlreadyRunning)


def main(arguments: Sequence[str]) -> NoReturn:
    options = parse(arguments)
    leave_on_signals()
    leave_with_make()
    try:
        bootstrap.prepare(os.environ, [bootstrap.UP])
        with run_lock.alone():
            place = Place.choose(options.port, os.environ, with_demo=options.demo)
            with (
                run_lock.sharing(place.variables(os.environ) | addresses_elsewhere(os.environ)),
                Supervisor(logs=LOGS, report=say) as supervisor,
            ):
                say("Flowzz is starting ...")
                logins = demo.Logins.of_folder() if options.demo else None
                start(place, supervisor, logins)
                describe(place, logins)
                look_after(supervisor)
    except EXPECTED as error:
        sys.exit(f"up: {error}")
    except BrokenPipeError:
        sys.stdout = None  # or Python would complain of what it can't write at its end
        sys.exit("up: nobody reads the output any more, so Flowzz has stopped.")


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="manage.py up",
        description="Start web, worker, beat and the Coinzz sandbox on 127.0.0.1, until Ctrl-C.",
    )
    parser.add_argument("--port", type=port, default=8000, help="of the web server (8000)")
    parser.add_argument("--demo", action="store_true", help="with demo users and orders")
    return parser.parse_args(arguments)


def port(text: str) -> int:
    number = int(text)
    if number not in LISTENING:
        raise ValueError(text)
    return number


def leave_on_signals() -> None:
    """Leave the program by its `finally`s at Ctrl-C, at a kill or when the terminal closes."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def leave(number: int, frame: FrameType | None) -> NoReturn:
        for each in numbers:  # once is enough: the way out must not be interrupted
            signal.signal(each, signal.SIG_IGN)
        sys.exit()

    for number in numbers:
        signal.signal(number, leave)


def leave_with_make() -> None:
    """Let `make run` be ended by a kill of make, which can't pass on a SIGKILL.

    Another parent, such as a shell in the background, may end before us.
    """
    if "MAKELEVEL" in os.environ:
        ask_for_signal_at_parents_death(signal.SIGTERM)


def start(place: Place, supervisor: Supervisor, logins: demo.Logins | None) -> None:
    """Start the parts, those first that people wait for. Raises PartFailed, CallFailed."""
    environ = place.environment(os.environ)
    prepared = supervisor.start(processes.prepare(with_demo=logins is not None), environ)
    supervisor.start(processes.web(place.port), environ)
    if place.sandbox_port:
        supervisor.start(processes.sandbox(place.sandbox_port, STATE / "sandbox.db"), environ)

    def is_ready() -> bool:
        urls = filter(None, (f"{place.base_url}/health/ready", place.sandbox_url))
        return prepared.is_done and all(map(answers, urls))

    supervisor.wait_until(is_ready, seconds=START_SECONDS)
    if logins and place.sandbox_url:
        demo.connect(base_url=place.base_url, sandbox_url=place.sandbox_url, logins=logins)
    supervisor.start(processes.worker(), environ)
    supervisor.start(processes.beat(), environ)


def describe(place: Place, logins: demo.Logins | None) -> None:
    sandbox = place.sandbox_url and f"{place.sandbox_url}/ (a sandbox)"
    lines = {
        "API": f"{place.base_url}/api/v1",
        "API docs": f"{place.base_url}/api/docs",
        "Back-office": f"{place.base_url}/admin/",
        "Coinzz": sandbox or os.environ["COINZZ_API_URL"],
        "Logs": f"{LOGS}/ (web, worker, beat, sandbox)",
    }
    if logins:
        lines["Admin login"] = f"{demo.ADMIN_EMAIL}  {logins.admin_password}"
        lines["User login"] = f"{demo.USER_EMAIL}  {logins.user_password}"
    say("Flowzz runs, for this machine alone. Ctrl-C stops it.\n")
    for name, value in lines.items():
        say(f"  {name:<12} {value}")
    say(f"\nready: {place.base_url}")


def look_after(supervisor: Supervisor) -> NoReturn:
    """Keep the parts and the embedded servers running. Raises ServerFailed."""
    servers = memberships(os.environ)
    while True:
        supervisor.watch()
        for server in servers:
            server.is_ready()
        time.sleep(WATCH_SECONDS)


def say(text: str) -> None:
    print(text, flush=True)
