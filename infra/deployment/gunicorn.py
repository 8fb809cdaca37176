"""gunicorn's configuration, in development and in production. Each number says why it is that number."""

from __future__ import annotations

import gc
import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

if find_spec("infra") is None:  # gunicorn was started in another folder
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from infra.deployment.environment import Environment
from infra.deployment.lifeline import end_with_parent
from infra.observability.worker_processes import discard_metrics, forget_worker, prepare_metrics

env = Environment()
CORES = os.cpu_count() or 1

bind = f"{env.text('HOST', '127.0.0.1')}:{env.number('PORT', 8000, least=1, most=65535)}"

# Threads wait for the database most of the time, and Python runs one of them at once: one process per core keeps the cores
# busy. At least two, so that one of them can die without a gap.
workers = env.number("WEB_PROCESSES", max(2, CORES), least=1)
worker_class = "gthread"
# Eight requests per process in flight: more of them only wait for the same core and hold connections meanwhile.
threads = env.number("WEB_THREADS", 8, least=1)
# Each worker loads the shop by itself. Loading it once and forking would copy the state of random number generators, also of
# the one in native code that makes keys, and open pools.
preload_app = False

# A request may take as long as its deadlines allow; what is longer than this is hanging.
timeout = 60
# Requests in flight at a stop may end within this time; orchestrators kill after 30 seconds by default.
graceful_timeout = env.number("GRACEFUL_SECONDS", 25, least=1)
# Longer than a load balancer keeps idle connections (60 s is usual), or it meets closed ones.
keepalive = 75

accesslog = None  # the shop writes one structured line per request itself
errorlog = "-"
loglevel = env.text("GUNICORN_LOG_LEVEL", "warning")
control_socket_disable = True  # nothing uses it, and it would lie in the user's home
# Heartbeats are written to a file: on a disk under load they would come late.
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108
forwarded_allow_ips = env.text("FORWARDED_ALLOW_IPS", "127.0.0.1,::1")


def on_starting(server: Any) -> None:
    end_with_parent()
    prepare_metrics()


def post_worker_init(worker: Any) -> None:
    # Everything loaded so far stays for good, and a request leaves little behind that only the collector finds: it need not
    # walk the one and run for the other. A tenth of an order's processor time went there.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def child_exit(server: Any, worker: Any) -> None:
    forget_worker(worker.pid)


def on_exit(server: Any) -> None:
    discard_metrics()
