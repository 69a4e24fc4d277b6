"""A small GTFS feed in text, changed table by table by the test that needs it.

Four stops stand on one parallel, a hundredth of a degree apart, so straight distances are in proportion
1 : 1 : 1. Line 5 leaves A at 08:00 and at 09:00 from Monday to Friday, 2 January to 31 March 2023.
"""

import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

FEED = {
    "agency": """
        agency_id,agency_name,agency_url,agency_timezone
        1,Town Buses,http://example.org,Europe/Paris
    """,
    "stops": """
        stop_id,stop_name,stop_lat,stop_lon
        A,Alder,0.1,10.00
        B,Birch,0.1,10.01
        C,Cedar,0.1,10.02
        D,Date,0.1,10.03
    """,
    "routes": """
        route_id,agency_id,route_short_name,route_long_name,route_type
        R,1,5,Alder - Date,3
    """,
    "trips": """
        route_id,service_id,trip_id,trip_headsign
        R,W,t1,To Date
        R,W,t2,
    """,
    "stop_times": """
        trip_id,arrival_time,departure_time,stop_id,stop_sequence
        t1,08:00:00,08:00:00,A,1
        t1,08:05:00,08:05:00,B,2
        t1,08:10:00,08:11:00,C,3
        t1,08:20:00,08:20:00,D,4
        t2,09:00:00,09:00:00,A,1
        t2,09:20:00,09:20:00,D,2
    """,
    "calendar": """
        service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date
        W,1,1,1,1,1,0,0,20230102,20230331
    """,
}
FeedWriter = Callable[..., Path]


def strip_table(text: str) -> str:
    """Lines without their indent and without blank ends."""
    return "".join(f"{line.strip()}\n" for line in text.strip().splitlines())


@pytest.fixture
def write_feed(tmp_path: Path) -> FeedWriter:
    """Write the feed: `tables` replace those above, None takes one away, bytes stand as they are."""

    def write(
        tables: Mapping[str, str | bytes | None] | None = None,
        *,
        name: str = "town.zip",
        inside: str = "",
        folder: bool = False,
    ) -> Path:
        merged: dict[str, str | bytes | None] = {**FEED, **(tables or {})}
        files = {
            f"{inside}{table}.txt": text if isinstance(text, bytes) else strip_table(text).encode()
            for table, text in merged.items()
            if text is not None
        }
        path = tmp_path / name
        if folder:
            for file, raw in files.items():
                (path / file).parent.mkdir(parents=True, exist_ok=True)
                (path / file).write_bytes(raw)
            return path
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for file, raw in files.items():
                archive.writestr(file, raw)
        return path

    return write
