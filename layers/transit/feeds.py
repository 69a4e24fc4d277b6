"""GTFS feeds on disk: a zip or a folder, and the text tables in it.

Whatever the archive claims is checked before it is unpacked. Tables may stand in a subfolder of the
archive, and their names may be written in capitals.
"""

import lzma
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import MappingProxyType

from layers.errors import InvalidLayer
from layers.limits import Limits
from layers.notices import Notice

_UNPACKED_FACTOR = 5
_HIDDEN = ("__macosx", ".")
_SUFFIX = ".txt"
_CHUNK = 1 << 20
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    OSError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    IndexError,
    ValueError,
)
"""What zipfile raises about bytes that are no sound archive, also while it opens it."""


@dataclass(frozen=True, slots=True, eq=False)
class FeedFiles:
    """One feed's tables, not read yet.

    Parameters
    ----------
    name
        File or folder name of the feed.
    tables
        Table name without `.txt`, lower case → function that gives its bytes. Raises `InvalidLayer`
        when the archive is damaged there.
    others
        Names of the other files of the feed, which nobody reads.
    """

    name: str
    tables: Mapping[str, Callable[[], bytes]]
    others: tuple[str, ...]


def open_feed(path: Path, *, limits: Limits) -> FeedFiles:
    """Find the tables of a feed.

    Parameters
    ----------
    path
        A zip, or a folder of `.txt` files.
    limits
        `max_file_mb` bounds the zip, and five times as much all tables unpacked.

    Raises
    ------
    InvalidLayer
        Missing, empty, no zip, encrypted, damaged, over a limit, without tables, or several feeds.
    """
    if path.is_dir():
        return _open_folder(path, limits)
    if not path.is_file():
        raise _refuse(
            path.name,
            "missing_feed",
            f"{path} does not exist; expected a GTFS zip or a folder of its tables",
            f"{path} 不存在；应为 GTFS 压缩包或其数据表所在文件夹",
        )
    size = path.stat().st_size
    if size == 0:
        raise _refuse(
            path.name,
            "empty_feed",
            f"{path.name} is empty (0 bytes); was the copy interrupted?",
            f"{path.name} 为空文件（0 字节）；是否复制中断？",
        )
    _check_size(path.name, size, limits.max_file_bytes, "has", limits)
    try:
        with zipfile.ZipFile(path) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    except _DAMAGED as error:
        raise _refuse(
            path.name,
            "not_a_zip",
            f"{path.name} is no zip archive, or a damaged one ({error}); expected a GTFS feed: a zip "
            "of stops.txt, routes.txt, trips.txt, stop_times.txt and a calendar",
            f"{path.name} 不是 zip 压缩包或已损坏（{error}）；应为包含 stops.txt、routes.txt、trips.txt、"
            "stop_times.txt 及日历表的 GTFS 压缩包",
        ) from error
    unpacked = sum(entry.file_size for entry in entries if _is_table(entry.filename))
    _check_size(path.name, unpacked, limits.max_file_bytes * _UNPACKED_FACTOR, "unpacks to", limits)
    locked = [entry.filename for entry in entries if entry.flag_bits & 1]
    if locked:
        raise _refuse(
            path.name,
            "encrypted_feed",
            f"{path.name} is protected by a password; unpack it and name the folder",
            f"{path.name} 设有密码；请解压后填写文件夹路径",
        )
    names = {entry.filename: entry.filename for entry in entries}
    return _gather(path.name, names, lambda name: _read_entry(path, name))


def _open_folder(path: Path, limits: Limits) -> FeedFiles:
    files = sorted(file for file in path.rglob("*") if file.is_file())
    names = {file.relative_to(path).as_posix(): file for file in files}
    tables = [file for name, file in names.items() if _is_table(name)]
    size = sum(file.stat().st_size for file in tables)
    _check_size(path.name, size, limits.max_file_bytes * _UNPACKED_FACTOR, "holds", limits)
    return _gather(path.name, {name: name for name in names}, lambda name: names[name].read_bytes())


def _gather(name: str, files: Mapping[str, str], read: Callable[[str], bytes]) -> FeedFiles:
    """Tables of the one folder that holds the feed."""
    shown = [entry for entry in files if not _is_hidden(entry)]
    tables = [entry for entry in shown if _is_table(entry)]
    homes = sorted(
        {str(PurePosixPath(entry).parent) for entry in tables if _stem(entry) == "stop_times"}
    )
    if len(homes) > 1:
        raise _refuse(
            name,
            "several_feeds",
            f"{name} holds {len(homes)} feeds, in {', '.join(homes)}; name each of them on its own",
            f"{name} 含有 {len(homes)} 套时刻表（{'、'.join(homes)}）；请分别列出",
            found=", ".join(homes),
        )
    inner = [entry for entry in shown if entry.lower().endswith(".zip")]
    if not tables and inner:
        raise _refuse(
            name,
            "zips_in_zip",
            f"{name} holds no tables but other archives ({', '.join(inner[:5])}); unpack it and name "
            "those",
            f"{name} 内没有数据表，只有其他压缩包（{'、'.join(inner[:5])}）；请解压后分别列出",
            found=", ".join(inner[:5]),
        )
    home = homes[0] if homes else _most_tables(tables)
    found: dict[str, Callable[[], bytes]] = {}
    for entry in tables:
        if str(PurePosixPath(entry).parent) == home:
            found.setdefault(_stem(entry), _bind(read, files[entry]))
    others = [entry for entry in shown if entry not in tables]
    return FeedFiles(name, MappingProxyType(found), tuple(sorted(others)))


def _most_tables(tables: list[str]) -> str:
    parents = [str(PurePosixPath(entry).parent) for entry in tables]
    return min(set(parents), key=lambda parent: (-parents.count(parent), parent), default=".")


def _bind(read: Callable[[str], bytes], entry: str) -> Callable[[], bytes]:
    return lambda: read(entry)


def _read_entry(path: Path, entry: str) -> bytes:
    try:
        with zipfile.ZipFile(path) as archive, archive.open(entry) as stream:
            return b"".join(iter(lambda: stream.read(_CHUNK), b""))
    except _DAMAGED as error:
        raise _refuse(
            f"{path.name}/{entry}",
            "damaged_feed",
            f"{entry} in {path.name} cannot be unpacked ({error}); fetch the feed again",
            f"{path.name} 中的 {entry} 无法解压（{error}）；请重新下载",
        ) from error


def _is_hidden(entry: str) -> bool:
    return any(part.lower().startswith(_HIDDEN) for part in PurePosixPath(entry).parts)


def _is_table(entry: str) -> bool:
    return entry.lower().endswith(_SUFFIX) and not _is_hidden(entry)


def _stem(entry: str) -> str:
    return PurePosixPath(entry).stem.strip().lower()


def _check_size(name: str, size: int, most: int, verb: str, limits: Limits) -> None:
    if size > most:
        raise _refuse(
            name,
            "feed_too_large",
            f"{name} {verb} {size / 2**20:.0f} MiB; the limit max_file_mb = {limits.max_file_mb} allows "
            f"{most / 2**20:.0f}",
            f"{name} 大小为 {size / 2**20:.0f} MiB；限制 max_file_mb = {limits.max_file_mb} 仅允许 "
            f"{most / 2**20:.0f} MiB",
            found=str(size),
            expected=str(most),
        )


def _refuse(
    layer: str, code: str, english: str, chinese: str, *, found: str = "", expected: str = ""
) -> InvalidLayer:
    return InvalidLayer(
        [Notice("error", code, layer, english, chinese, found=found, expected=expected)]
    )
