"""Opening an OSM file: what it holds decides, not what it is called."""

import bz2
import gzip
import re
from pathlib import Path

import osmium

from layers.errors import UnreadableFile

_HEAD_BYTES = 4096


def open_osm(path: Path) -> tuple[osmium.io.File, str]:
    """Check that a file can be an OSM file, by its content and not only by its name.

    Returns
    -------
    file, timestamp
        The file as osmium takes it, and the state of the data as an Overpass export notes it, else empty.

    Raises
    ------
    UnreadableFile
        It does not exist, is a folder, is empty, or holds something else.
    """
    if path.is_dir():
        raise UnreadableFile(
            f"{path}: is a folder; expected one OSM file (.osm.pbf, .osm, .osm.gz)"
        )
    try:
        with path.open("rb") as stream:
            head = stream.read(_HEAD_BYTES)
    except FileNotFoundError as error:
        raise UnreadableFile(f"{path}: no such file") from error
    except OSError as error:
        raise UnreadableFile(f"{path}: cannot be read ({error.strerror})") from error
    if not head:
        raise UnreadableFile(f"{path}: the file is empty (0 bytes)")
    packing, text = _unpack_head(path, head)
    if not packing and b"OSMHeader" in head[:64]:
        return osmium.io.File(str(path), "pbf"), ""
    root = re.search(
        rb"<\s*([A-Za-z_][\w.:-]*)",
        re.sub(rb"<!--.*?(-->|$)|<\?.*?\?>", b"", text, flags=re.DOTALL),
    )
    if root is None or root[1] != b"osm":
        found = f"XML with root element <{root[1].decode('ascii')}>" if root else "something else"
        raise UnreadableFile(f"{path}: not an OSM file, it holds {found}; expected PBF or OSM XML")
    noted = re.search(rb"osm_base=[\"']([0-9T:Z-]+)[\"']", text)
    return osmium.io.File(str(path), "osm" + packing), noted[1].decode() if noted else ""


def _unpack_head(path: Path, head: bytes) -> tuple[str, bytes]:
    """Format suffix of the packing, and the first text inside."""
    try:
        if head.startswith(b"\x1f\x8b"):
            with gzip.open(path) as stream:
                return ".gz", stream.read(_HEAD_BYTES)
        if head.startswith(b"BZh"):
            with bz2.open(path) as stream:
                return ".bz2", stream.read(_HEAD_BYTES)
    except (OSError, EOFError) as error:
        raise UnreadableFile(f"{path}: damaged archive ({error})") from error
    return "", head
