"""Runs `lifecircle` in children forked from one process that has everything imported already.

Each line on standard input asks for one command:

    {"argv": [...], "cwd": "...", "stdout": "file", "stderr": "file",
     "tricks": {"services.pipeline.write_maps": "kill"}, "file_limit": 100000, "wait": true}

and is answered with `{"pid": …, "code": …}`: the exit code, minus the signal's number where one
ended it, null when it was not waited for. `{"pid": …}` waits for one started before.

A trick is what happens as the function named is done: the process is killed (`kill`), gets Ctrl+C
(`interrupt`) or a polite kill (`terminate`), meets a full disk (`full`), a fault (`fault`), or
stands still until it is killed (`hang`).
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

from services.cli import main

importlib.import_module("services.pipeline")
importlib.import_module("services.api.app")
importlib.import_module("services.terminal")
importlib.import_module("uvicorn")

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
    for name, what in order.get("tricks", {}).items():
        play(name, what)
    if order.get("file_limit"):
        resource.setrlimit(resource.RLIMIT_FSIZE, (order["file_limit"], order["file_limit"]))
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


def obey(orders, answers) -> None:
    for line in orders:
        asked = json.loads(line)
        if "pid" in asked:
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
