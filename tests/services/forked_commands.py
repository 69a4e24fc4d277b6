"""Runs `lifecircle` in children forked from one process that has everything imported already.

Each line on standard input asks for one command:

    {"argv": [...], "cwd": "...", "stdout": "file", "stderr": "file",
     "tricks": {"services.pipeline.write_maps": "kill"}, "wait": true}

and is answered with `{"pid": …, "code": …}`: the exit code, minus the signal's number where one
ended it, null when it was not waited for. `{"pid": …}` waits for one started before, `{"warm": …}`
measures a city here, so that its children find everything loaded and compiled.

A trick is what happens as the function named is done: the process is killed (`kill`), gets Ctrl+C
(`interrupt`) or a polite kill (`terminate`), meets a full disk (`full`), a fault (`fault`), may
write no file longer than some bytes from then on (`limit5000`), or stands still until it is killed
(`hang`).
"""

import contextlib
import errno
import importlib
import json
import os
import resource
import signal
import sys
import time
import warnings
from datetime import date
from pathlib import Path

from layers.city import build_city
from layers.config import read_config
from layers.standards.load import read_packs
from services.cli import main
from services.pipeline import measure_city

for name in ("services.api.app", "services.terminal", "services.listening", "uvicorn"):
    importlib.import_module(name)

SIGNALS = {"kill": signal.SIGKILL, "interrupt": signal.SIGINT, "terminate": signal.SIGTERM}


def play(name: str, what: str) -> None:
    place, attribute = name.rsplit(".", 1)
    owner = importlib.import_module(place)
    original = getattr(owner, attribute)

    def tricked(*args, **kwargs):
        answer = original(*args, **kwargs)
        if what in SIGNALS:
            os.kill(os.getpid(), SIGNALS[what])
            time.sleep(0.05)
        elif what == "full":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "half.file")
        elif what == "fault":
            raise RuntimeError("a fault\nin two lines")
        elif what.startswith("limit"):
            most = int(what.removeprefix("limit"))
            resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
        elif what == "hang":
            sys.stdout.write("hanging\n")
            sys.stdout.flush()
            time.sleep(60)
        return answer

    setattr(owner, attribute, tricked)


def become(order: dict) -> None:
    """Turn this process into the command; does not return."""
    for number, name in ((1, "stdout"), (2, "stderr")):
        os.dup2(os.open(order[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.chdir(order["cwd"])
    # a shell's background jobs are born deaf to Ctrl+C; the command is tested as one in front
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for name, what in order.get("tricks", {}).items():
        play(name, what)
    sys.argv = ["lifecircle", *order["argv"]]
    sys.warnoptions.append("error")
    warnings.simplefilter("error")
    code = 1
    try:
        main()
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else 1
    except BaseException:  # noqa: BLE001 - what the interpreter does at the very end
        sys.excepthook(*sys.exc_info())
    finally:
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def wait(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def warm_up(path: Path) -> int:
    config = read_config(path)
    city = build_city(config, report=lambda *_: None)
    results = measure_city(city, read_packs(config.packs), day=date(2026, 1, 1))
    return len(results.tables["gaps"])


def obey(orders, answers) -> None:
    for line in orders:
        asked = json.loads(line)
        if "warm" in asked:
            answer = {"met": warm_up(Path(asked["warm"]))}
        elif "pid" in asked:
            answer = {"pid": asked["pid"], "code": wait(asked["pid"])}
        else:
            child = os.fork()
            if child == 0:
                become(asked)
            answer = {"pid": child, "code": wait(child) if asked.get("wait", True) else None}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    obey(sys.stdin, sys.stdout)
