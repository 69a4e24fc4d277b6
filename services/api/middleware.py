"""What every answer gets: safety headers, a strong ETag, 304 where it matches, gzip.

Bodies are gathered before they leave (none is endless), so that the tag is a digest of the very
bytes. Long ones are hashed and compressed in a thread, and kept compressed for the next asker.
"""

import gzip
import hashlib
import threading
from collections import OrderedDict

import anyio.to_thread
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_THREAD_FROM_BYTES = 64 * 1024
_KEEP_BYTES = 48 * 1024 * 1024
_GZIP_LEVEL = 6
_COMPRESSIBLE = (
    "text/",
    "application/json",
    "application/geo+json",
    "application/javascript",
    "image/svg+xml",
)

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; frame-src 'self'; frame-ancestors 'self'; "
    "base-uri 'none'; form-action 'none'"
)
"""Content-Security-Policy of every answer that does not bring its own."""


class SafetyHeaders:
    """Adds the headers that keep a browser from guessing types and asking other hosts."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and add headers to its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_safe(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("Content-Security-Policy", PAGE_POLICY)
                headers.setdefault("X-Content-Type-Options", "nosniff")
                headers.setdefault("X-Frame-Options", "SAMEORIGIN")
                headers.setdefault("Referrer-Policy", "no-referrer")
                headers.setdefault("Cache-Control", "no-cache")
            await send(message)

        await self._app(scope, receive, send_safe)


class ConditionalGzip:
    """Answers GET and HEAD with a strong ETag, 304 where the asker has it, gzip where taken.

    Parameters
    ----------
    min_bytes
        Shorter bodies are sent as they are.
    """

    def __init__(self, app: ASGIApp, *, min_bytes: int) -> None:
        self._app = app
        self._min_bytes = min_bytes
        self._kept = _KeptBodies(_KEEP_BYTES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Gather the answer, tag it, and send what the asker needs of it."""
        if scope["type"] != "http" or scope["method"] not in {"GET", "HEAD"}:
            await self._app(scope, receive, send)
            return
        asked = Headers(scope=scope)
        head = scope["method"] == "HEAD"
        start: Message = {}
        chunks: list[bytes] = []

        async def send_tagged(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
                return
            if message["type"] != "http.response.body":
                await send(message)
                return
            chunks.append(message.get("body", b""))
            if message.get("more_body", False):
                return
            body = b"".join(chunks)
            if start["status"] == 200:
                body = await self._finish(start, body, asked)
            await send(start)
            await send({"type": "http.response.body", "body": b"" if head else body})

        await self._app({**scope, "method": "GET"}, receive, send_tagged)

    async def _finish(self, start: Message, body: bytes, asked: Headers) -> bytes:
        """Set tag, encoding and length in `start`; return the bytes to send."""
        headers = MutableHeaders(scope=start)
        shrink = (
            len(body) >= self._min_bytes
            and headers.get("content-type", "").startswith(_COMPRESSIBLE)
            and "content-encoding" not in headers
        )
        if shrink:
            headers.add_vary_header("Accept-Encoding")
        shrink = shrink and _takes_gzip(asked.get("accept-encoding", ""))
        if len(body) >= _THREAD_FROM_BYTES:
            digest = await anyio.to_thread.run_sync(_digest, body)
        else:
            digest = _digest(body)
        tag = f'"{digest}-gz"' if shrink else f'"{digest}"'
        headers["ETag"] = tag
        if _matches(asked.get("if-none-match", ""), tag):
            start["status"] = 304
            for name in ("content-length", "content-type"):
                if name in headers:
                    del headers[name]
            return b""
        if shrink:
            body = await self._compress(digest, body)
            headers["Content-Encoding"] = "gzip"
        headers["Content-Length"] = str(len(body))
        return body

    async def _compress(self, digest: str, body: bytes) -> bytes:
        kept = self._kept.find(digest)
        if kept is not None:
            return kept
        if len(body) >= _THREAD_FROM_BYTES:
            packed = await anyio.to_thread.run_sync(_pack, body)
        else:
            packed = _pack(body)
        self._kept.keep(digest, packed)
        return packed


class _KeptBodies:
    """Compressed bodies by digest, up to a number of bytes; the oldest go first."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._bodies: OrderedDict[str, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, digest: str) -> bytes | None:
        with self._lock:
            if digest in self._bodies:
                self._bodies.move_to_end(digest)
            return self._bodies.get(digest)

    def keep(self, digest: str, body: bytes) -> None:
        with self._lock:
            if digest in self._bodies:
                return
            self._bodies[digest] = body
            self._bytes += len(body)
            while self._bytes > self._most_bytes:
                _, dropped = self._bodies.popitem(last=False)
                self._bytes -= len(dropped)


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:32]


def _pack(body: bytes) -> bytes:
    return gzip.compress(body, compresslevel=_GZIP_LEVEL, mtime=0)


def _takes_gzip(accepted: str) -> bool:
    """Whether an Accept-Encoding header lets gzip in.

    >>> _takes_gzip("br, gzip;q=0.8"), _takes_gzip("gzip;q=0, identity")
    (True, False)
    """
    for part in accepted.lower().split(","):
        name, _, weight = part.partition(";")
        if name.strip() in {"gzip", "*"}:
            return weight.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False


def _matches(asked: str, tag: str) -> bool:
    """Whether an If-None-Match header names the tag.

    >>> _matches('W/"a", "b"', '"a"'), _matches("*", '"a"'), _matches("", '"a"')
    (True, True, False)
    """
    wanted = {part.strip().removeprefix("W/") for part in asked.split(",")}
    return "*" in wanted or tag in wanted
