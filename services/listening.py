"""The address a service listens on, taken before anything says that it is there."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from services.errors import CannotListen


@contextmanager
def listen(host: str, port: int) -> Iterator[socket.socket]:
    """Listen on an address while the block runs.

    Parameters
    ----------
    port
        0 takes a free one.

    Raises
    ------
    CannotListen
        The port is taken, or the host is no address of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise CannotListen(
            f"cannot listen on {host} port {port} ({error.strerror}): name another --port or --host"
        ) from error
    with listener:
        # without it every answer waits some 40 ms for the client's delayed acknowledgement
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield listener
