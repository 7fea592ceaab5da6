"""`manage.py up`: run all of Flowzz on this machine until Ctrl-C.

This module does not import Django, which takes longer to load than everything else here.
"""

import argparse
import os
import secrets
import signal
import sys
import time
from collections.abc import Sequence
from types import FrameType
from typing import NoReturn

from flowzz.local import demo, older_data, processes, run_lock
from flowzz.local.addresses import VALID_PORTS, Addresses, PortTaken
from flowzz.local.http_calls import CallFailed, is_up
from flowzz.local.servers import bootstrap
from flowzz.local.servers.child_process import request_parent_death_signal
from flowzz.local.servers.handles import Handles, ServerFailed, ensure_servers, external_urls
from flowzz.local.servers.paths import STATE
from flowzz.local.supervisor import ProcessFailed, Supervisor

LOGS = STATE / "logs"
START_SECONDS = 90.0
CHECK_SECONDS = 0.5
EXPECTED = (CallFailed, ProcessFailed, PortTaken, ServerFailed, run_lock.AlreadyRunning)


def main(arguments: Sequence[str]) -> NoReturn:
    options = parse(arguments)
    exit_on_signals()
    stop_with_make()
    try:
        handles = bootstrap.prepare(os.environ, [bootstrap.UP])
        with run_lock.exclusive_run():
            try:
                run(options, handles)
            except older_data.OlderData as error:
                folder = older_data.set_aside(handles, os.environ)
                echo(f"{error} It was moved to {folder}; Flowzz starts with a new one.")
                run(options, ensure_servers(os.environ))
    except EXPECTED as error:
        sys.exit(f"up: {error}")
    except BrokenPipeError:
        sys.stdout = None  # otherwise Python reports at its exit that it cannot flush
        sys.exit("up: the output was closed, so Flowzz has stopped.")


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="manage.py up",
        description="Start web, workers, beat and the Coinzz sandbox on 127.0.0.1, until Ctrl-C.",
    )
    parser.add_argument("--port", type=port, default=8000, help="port of the web server (8000)")
    parser.add_argument("--demo", action="store_true", help="create demo users and orders")
    return parser.parse_args(arguments)


def port(text: str) -> int:
    number = int(text)
    if number not in VALID_PORTS:
        raise ValueError(text)
    return number


def exit_on_signals() -> None:
    """Exit through the `finally` blocks on Ctrl-C, on SIGTERM and when the terminal closes."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def leave(number: int, frame: FrameType | None) -> NoReturn:
        for ignored in numbers:  # a second signal must not interrupt the shutdown
            signal.signal(ignored, signal.SIG_IGN)
        sys.exit()

    for number in numbers:
        signal.signal(number, leave)


def stop_with_make() -> None:
    """Stop when the `make` that started this program is killed: it cannot forward a SIGKILL.

    Other parents, such as a shell that runs this in the background, may end earlier.
    """
    if "MAKELEVEL" in os.environ:
        request_parent_death_signal(signal.SIGTERM)


def run(options: argparse.Namespace, handles: Handles) -> NoReturn:
    """Start everything and supervise it. Raises OlderData and the EXPECTED errors."""
    addresses = Addresses.choose(options.port, os.environ, demo=options.demo)
    variables = addresses.shared_variables(os.environ) | external_urls(os.environ)
    with run_lock.published(variables), Supervisor(logs=LOGS, report=echo) as supervisor:
        echo("Flowzz is starting ...")
        passwords = demo.DemoPasswords.load_or_create() if options.demo else None
        first_password = start(addresses, supervisor, handles, passwords)
        if passwords and addresses.sandbox_url:
            environ = addresses.process_environment(os.environ)
            supervisor.start(processes.demo_history(), environ)
        print_summary(addresses, passwords, first_password)
        supervise(supervisor, handles)


def start(
    addresses: Addresses,
    supervisor: Supervisor,
    handles: Handles,
    passwords: demo.DemoPasswords | None,
) -> str:
    """Start the processes; return the password of a first administrator, if one was created.

    Raises OlderData, ProcessFailed and CallFailed.
    """
    environ = addresses.process_environment(os.environ)
    if passwords:
        environ.setdefault("WEBHOOK_WITHOUT_TOKEN", "true")
        environ.setdefault("SYNC_INITIAL_SALES", str(processes.DEMO_SALES))
    first_password = secrets.token_urlsafe(12)
    prepare = supervisor.start(
        processes.prepare(demo=passwords is not None),
        environ | {processes.FIRST_ADMINISTRATOR: first_password},
    )
    supervisor.start(processes.web(addresses.port), environ)
    if addresses.sandbox_port:
        supervisor.start(processes.sandbox(addresses.sandbox_port, STATE / "sandbox.db"), environ)

    def is_ready() -> bool:
        urls = filter(None, (f"{addresses.base_url}/health/ready", addresses.sandbox_url))
        return prepare.has_succeeded and all(map(is_up, urls))

    try:
        supervisor.wait_until(is_ready, seconds=START_SECONDS)
    except ProcessFailed:
        if prepare.exit_code != older_data.EXIT_CODE:
            raise
        reason = prepare.log_tail(lines=1)
        if "DATABASE_URL" in handles:
            raise older_data.OlderData(reason) from None
        raise ProcessFailed(f"{reason} Set DATABASE_URL to an empty database.") from None
    if passwords and addresses.sandbox_url:
        demo.connect(
            base_url=addresses.base_url, sandbox_url=addresses.sandbox_url, passwords=passwords
        )
    workers = supervisor.start(processes.forked_workers(), environ)
    supervisor.wait_until(
        lambda: workers.count_logged(" ready.") == len(processes.QUEUES), seconds=START_SECONDS
    )
    is_first = prepare.log_tail(lines=1) == processes.ADMINISTRATOR_CREATED
    return first_password if is_first else ""


def print_summary(
    addresses: Addresses, passwords: demo.DemoPasswords | None, first_password: str
) -> None:
    sandbox = addresses.sandbox_url and f"{addresses.sandbox_url}/ (a sandbox)"
    lines = {
        "API": f"{addresses.base_url}/api/v1",
        "API docs": f"{addresses.base_url}/api/docs",
        "Back-office": f"{addresses.base_url}/admin/",
        "Coinzz": sandbox or os.environ["COINZZ_API_URL"],
        "Logs": f"{LOGS}/ (web, workers, sandbox)",
    }
    if first_password:
        lines["Admin login"] = f"{demo.ADMIN_EMAIL}  {first_password}  (shown this once)"
    if passwords:
        lines["Admin login"] = f"{demo.ADMIN_EMAIL}  {passwords.admin}"
        lines["User login"] = f"{demo.USER_EMAIL}  {passwords.user}"
        lines["Webhooks only"] = f"{demo.WEBHOOK_USER_EMAIL}  {passwords.webhook_user}"
    echo("Flowzz is running, for this machine only. Ctrl-C stops it.\n")
    for name, value in lines.items():
        echo(f"  {name:<13} {value}")
    echo(f"\nready: {addresses.base_url}")


def supervise(supervisor: Supervisor, handles: Handles) -> NoReturn:
    """Restart processes and embedded servers that die. Raises ServerFailed."""
    while True:
        supervisor.check()
        for handle in handles.values():
            handle.is_ready()
        time.sleep(CHECK_SECONDS)


def echo(text: str) -> None:
    print(text, flush=True)
