"""Whole feeds: several at once, the order of rows, and the real ones beside the project."""

import random
import zipfile
from datetime import date, timedelta

import numpy as np
import pytest

from layers.errors import InvalidLayer
from layers.transit.assumptions import read_assumption_texts
from layers.transit.gtfs import list_feed_days, read_gtfs
from layers.transit.settings import TransitSettings

SETTINGS = TransitSettings(day=date(2023, 2, 15))
WEDNESDAY = TransitSettings(day=date(2019, 5, 15))


def test_ids_of_several_feeds_are_told_apart(write_feed):
    stops = "stop_id,stop_name,stop_lat,stop_lon,parent_station\nA,a,0.1,10,\nD,d,0.1,10.1,\n"
    tables = {"stops": stops, "transfers": "from_stop_id,to_stop_id,transfer_type\nA,D,3\n"}
    one, two = write_feed(name="one.zip"), write_feed(tables, name="two.zip")
    schedule = read_gtfs([one, two], SETTINGS)
    assert schedule.name == "one.zip, two.zip"
    assert schedule.stops["stop_id"].tolist() == ["1:A", "1:B", "1:C", "1:D", "2:A", "2:D"]
    assert schedule.stops["station_id"].tolist() == [""] * 6
    assert schedule.lines["line_id"].tolist() == ["1:R", "2:R"]
    assert schedule.trip_id == ("1:t1", "1:t2", "2:t1", "2:t2")
    assert schedule.trip_line.tolist() == [0, 0, 1, 1]
    assert schedule.transfers["from_stop"].tolist() == ["2:A"]
    of_last = schedule.calls.stop[schedule.calls.trip == 3].tolist()
    assert schedule.stops["stop_id"].to_numpy()[of_last].tolist() == ["2:A", "2:D"]
    assert (np.diff(schedule.calls.trip) >= 0).all()
    unknown = [n for n in schedule.notices if n.code == "unknown_stop"]
    assert [n.layer for n in unknown] == ["two.zip/stop_times.txt"]


def test_a_feed_named_twice_is_read_once(write_feed):
    path = write_feed()
    schedule = read_gtfs([path, path.parent / "." / path.name], SETTINGS)
    assert schedule.trip_id == ("t1", "t2")
    assert [n.code for n in schedule.notices] == ["feed_named_twice"]


def test_the_order_of_rows_changes_nothing(write_feed, tmp_path):
    path = write_feed(
        {"frequencies": "trip_id,start_time,end_time,headway_secs\nt1,06:00:00,07:00:00,600\n"}
    )
    plain = read_gtfs([path], SETTINGS)
    shuffled = tmp_path / "shuffled.zip"
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(shuffled, "w") as other:
        for name in archive.namelist():
            head, *rows = archive.read(name).decode().splitlines()
            random.Random(name).shuffle(rows)
            other.writestr(name, "\n".join([head, *rows]))
    mixed = read_gtfs([shuffled], SETTINGS)

    def tell(schedule):
        calls = schedule.calls
        stops = schedule.stops["stop_id"].to_numpy()[calls.stop]
        trips = np.array(schedule.trip_id)[calls.trip]
        return sorted(zip(trips.tolist(), calls.arrival_s.tolist(), stops.tolist(), strict=True))

    assert tell(mixed) == tell(plain)


def test_every_assumption_is_explained(write_feed):
    schedule = read_gtfs([write_feed()], SETTINGS)
    assert {code for code, _ in schedule.assumptions} <= set(read_assumption_texts())


def test_without_any_feed_nothing_can_be_read():
    with pytest.raises(InvalidLayer):
        read_gtfs([], SETTINGS)


# the real feeds


@pytest.mark.real
@pytest.mark.parametrize(
    ("day", "n_trips", "n_served"),
    [(date(2023, 2, 22), 3759, 792), (date(2023, 2, 26), 1951, None)],
)
def test_las_palmas(shared_data, day, n_trips, n_served):
    path = shared_data / "gtfs/las-palmas-guaguas-20230222.gtfs.zip"
    schedule = read_gtfs([path], TransitSettings(day=day))
    assert len(schedule.trip_id) == len(schedule.trip_line) == n_trips
    assert len(schedule.stops) == 793
    if n_served is not None:
        assert len(np.unique(schedule.calls.stop)) == n_served
    assert sum(count for _, count in schedule.assumptions) == 0
    assert schedule.notices == ()
    assert set(schedule.lines["mode"]) == {"bus"}


@pytest.mark.real
def test_las_palmas_on_a_typical_day(shared_data):
    path = shared_data / "gtfs/las-palmas-guaguas-20230222.gtfs.zip"
    schedule = read_gtfs([path], TransitSettings())
    assert schedule.day.weekday() == 2
    assert len(schedule.trip_id) == 3759


@pytest.mark.real
def test_porto_alegre_with_blank_times(shared_data):
    paths = [
        shared_data / f"gtfs/porto-alegre-{name}-2019.gtfs.zip" for name in ("eptc", "trensurb")
    ]
    schedule = read_gtfs(paths, WEDNESDAY)
    feed = np.array([name[:2] for name in schedule.trip_id])
    assert ((feed == "1:").sum(), (feed == "2:").sum()) == (2374, 529)
    assert dict(schedule.assumptions)["times_interpolated"] == 125_271
    calls = schedule.calls
    same = calls.trip[1:] == calls.trip[:-1]
    assert (calls.arrival_s <= calls.departure_s).all()
    assert (calls.departure_s[:-1] <= calls.arrival_s[1:])[same].all()
    assert set(schedule.lines["mode"]) == {"bus", "train"}
    assert schedule.notices == ()
    typical = read_gtfs(paths, TransitSettings())
    assert len(typical.trip_id) == 2374 + 529


@pytest.mark.real
def test_sao_paulo_by_frequency(shared_data):
    """36 patterns and 704 periods; runs counted from the text of frequencies.txt alone."""
    path = shared_data / "gtfs/sao-paulo-sptrans-frequencies-2019.gtfs.zip"
    with zipfile.ZipFile(path) as archive:
        text = archive.read("frequencies.txt").decode("utf-8-sig").splitlines()[1:]

    def seconds(clock):
        hours, minutes, rest = clock.split(":")
        return int(hours) * 3600 + int(minutes) * 60 + int(rest)

    wanted = 0
    patterns = set()
    for line in filter(None, text):
        trip, start, end, headway = line.split(",")[:4]
        wanted += len(range(seconds(start), seconds(end), int(headway)))
        patterns.add(trip)
    assert len(text) == 704
    schedule = read_gtfs([path], WEDNESDAY)
    assert len(schedule.trip_id) == len(set(schedule.trip_id)) == wanted
    assert {name.rsplit("#", 1)[0] for name in schedule.trip_id} == {
        name.strip('"') for name in patterns
    }
    assert len(patterns) == 36
    assert dict(schedule.assumptions)["frequency_not_exact"] == wanted
    assert schedule.notices == ()


@pytest.mark.real
def test_days_and_trips_as_another_reader_counts_them(shared_data):
    """gtfs-kit, which reads feeds quite differently, on 40 days of each feed spread over its calendar."""
    import gtfs_kit

    paths = sorted((shared_data / "gtfs").glob("*.zip"))
    assert len(paths) >= 4
    for path in paths:
        (days,), _ = list_feed_days([path])
        feed = gtfs_kit.read_feed(path, dist_units="km")
        per_service = feed.trips["service_id"].value_counts()
        first = date.fromordinal(days.first)
        for step in range(0, len(days.n_trips), max(1, len(days.n_trips) // 40)):
            day = first + timedelta(days=step)
            active = feed.get_active_services(day.strftime("%Y%m%d"))
            assert days.n_trips[step] == per_service.reindex(active).sum(), (path.name, day)


@pytest.mark.real
def test_runs_as_another_reader_writes_them(shared_data):
    """The 7,948 runs of São Paulo and all their calls, as gtfs-kit expands the frequencies."""
    import gtfs_kit

    path = shared_data / "gtfs/sao-paulo-sptrans-frequencies-2019.gtfs.zip"
    times = gtfs_kit.read_feed(path, dist_units="km").expand_frequencies().stop_times
    schedule = read_gtfs([path], WEDNESDAY)
    calls = schedule.calls
    ours = zip(
        (schedule.trip_id[trip].rsplit("#", 1)[0] for trip in calls.trip.tolist()),
        schedule.stops["stop_id"].to_numpy()[calls.stop].tolist(),
        calls.departure_s.tolist(),
        strict=True,
    )
    theirs = zip(
        (str(name).rsplit("-freq-", 1)[0] for name in times["trip_id"]),
        (str(name) for name in times["stop_id"]),
        (
            int(clock[:-6]) * 3600 + int(clock[-5:-3]) * 60 + int(clock[-2:])
            for clock in times["departure_time"]
        ),
        strict=True,
    )
    assert sorted(ours) == sorted(theirs)
