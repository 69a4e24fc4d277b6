"""Hours and headways of a service day, read from tags."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers.transit.headways import Headways, list_departures_s, parse_interval_s, read_headways
from layers.transit.hours import DAY_S, parse_hours
from layers.transit.modes import Span, read_modes

WEDNESDAY, SATURDAY = date(2024, 1, 3), date(2024, 1, 6)
H = 3600


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("05:30-23:00", [(5.5, 23)]),
        ("Mo-Fr 06:00-22:00; Sa,Su 07:00-21:00", [(6, 22)]),
        ("Mo-Fr 06:00-09:00,16:00-19:00; PH off", [(6, 9), (16, 19)]),
        ("05:30-01:00", [(5.5, 25)]),
        ("06:00-26:00", [(6, 26)]),
        ("22:00-05:00", [(22, 29)]),
        ("06：00－22：00", [(6, 22)]),
        ("00:00-01:00,05:00-24:00", [(5, 25)]),
        ("Sa-Su 08:00-20:00", []),
        ("off", []),
    ],
)
def test_hours_of_a_wednesday(text: str, spans: list[tuple[float, float]]) -> None:
    """What began on Tuesday and ends after midnight is Tuesday's: 05:30-01:00 gives one span to 25:00."""
    found = parse_hours(text, WEDNESDAY)
    assert found == tuple(Span(round(a * H), round(b * H)) for a, b in spans)


@pytest.mark.parametrize("text", ["24/7", "00:00-24:00", "Mo-Su 00:00-24:00", "24/7; Su off"])
def test_a_whole_day_ends_with_its_last_second(text: str) -> None:
    """A departure at 24:00 belongs to the next day."""
    assert parse_hours(text, WEDNESDAY) == (Span(0, DAY_S - 1),)


@pytest.mark.parametrize(
    "text", ["", "PH off", "PH,SH off", "daily 6 to 22", "06:30,07:30", "\x00", "?"]
)
def test_hours_that_say_nothing(text: str) -> None:
    assert parse_hours(text, WEDNESDAY) is None


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    spans = parse_hours(text, WEDNESDAY)
    assert spans is None or all(
        0 <= span.from_s < DAY_S and span.from_s <= span.to_s for span in spans
    )


@given(st.integers(0, 23), st.integers(0, 59), st.integers(1, 23 * 60))
def test_every_span_of_clock_times_is_read(hour: int, minute: int, length_min: int) -> None:
    start = hour * 60 + minute
    end = (start + length_min) % (24 * 60)
    text = f"Mo-Su {start // 60:02d}:{start % 60:02d}-{end // 60:02d}:{end % 60:02d}"
    assert parse_hours(text, WEDNESDAY) == (Span(start * 60, (start + length_min) * 60),)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("10", 600),
        ("7.5", 450),
        ("00:10", 600),
        ("1:30", 5400),
        ("00:07:30", 450),
        ("10 min", 600),
        ("10分钟", 600),
        ("10-15", 900),
        ("10;20", 1200),
        ("00:08-00:12", 720),
        ("0", None),
        ("00:00", None),
        ("0-10", None),
        ("-5", None),
        ("often", None),
        ("", None),
        ("10;often", None),
    ],
)
def test_intervals(text: str, seconds: int | None) -> None:
    assert parse_interval_s(text) == seconds


def read(tags: dict[str, str], day: date = WEDNESDAY) -> Headways:
    return read_headways(tags, 900, read_modes(), day)


def test_without_tags_the_mode_decides() -> None:
    assert read({}) == Headways(900)


def test_zero_and_nonsense_are_named_and_the_mode_decides() -> None:
    """Zero never is a headway; 2000 minutes lie beyond what is believed (720)."""
    for text in ("0", "soon", "2000"):
        found = read({"interval": text})
        assert found.base_s == 900
        assert not found.tagged
        assert found.unread == (("interval", text),)


def test_headway_stands_in_for_a_missing_interval() -> None:
    assert read({"headway": "00:05", "interval": "0"}).base_s == 300
    assert read({"headway": "00:05", "interval": "8"}).base_s == 480


def test_frequency_is_hertz_and_not_asked() -> None:
    assert not read({"frequency": "50"}).tagged


def test_words_for_parts_of_the_day() -> None:
    """Peak runs 07:00-09:00: 5 min from 07:00 on, 20 min before."""
    tags = {"interval": "20", "interval:peak": "5", "interval:saturday": "30"}
    found = read(tags)
    assert (found.at_s(7 * H - 1), found.at_s(7 * H), found.at_s(9 * H)) == (1200, 300, 1200)
    assert found.by_words
    assert read(tags, SATURDAY).at_s(8 * H) == 1800


def test_words_alone_leave_the_rest_to_the_mode() -> None:
    found = read({"headway:midday": "12"})
    assert (found.at_s(8 * H), found.at_s(12 * H)) == (900, 720)
    assert found.tagged
    assert not found.whole_day


def test_conditional_headways() -> None:
    tags = {
        "interval": "15",
        "interval:conditional": "5 @ (Mo-Fr 07:00-09:00); 30 @ (Su); x @ (Mo 01:00-02:00)",
    }
    found = read(tags)
    assert (found.at_s(6 * H), found.at_s(8 * H)) == (900, 300)
    assert found.unread == (("interval:conditional", "x"),)


def test_no_service_at_some_hours() -> None:
    """Nothing between 09:00 and 16:00: departures 08:00, 08:30 … 09:00 is off, again at 16:00."""
    found = read({"interval": "30", "interval:midday": "off"})
    departures = list_departures_s([Span(8 * H, 17 * H)], found)
    assert [at_s / H for at_s in departures] == [8, 8.5, 16, 16.5, 17]


def test_a_denser_part_begins_with_a_departure() -> None:
    """Every 60 min from 06:30 would skip the start of the peak at 07:00; it does not."""
    found = read({"interval": "60", "interval:morning_peak": "30"})
    departures = list_departures_s([Span(int(6.5 * H), 11 * H)], found)
    assert [at_s / H for at_s in departures] == [6.5, 7, 7.5, 8, 8.5, 9, 10, 11]


@given(
    st.lists(st.tuples(st.integers(0, 80_000), st.integers(0, 20_000)), max_size=3),
    st.integers(60, 7200),
    st.lists(
        st.tuples(
            st.integers(0, 80_000), st.integers(1, 20_000), st.sampled_from([0, 60, 300, 3600])
        ),
        max_size=3,
    ),
)
def test_departures_lie_in_the_hours_and_come_to_an_end(spans, headway_s, parts) -> None:
    hours = [Span(start, start + length) for start, length in spans]
    headways = Headways(
        headway_s, tuple((Span(start, start + length), every) for start, length, every in parts)
    )
    departures = list_departures_s(hours, headways)
    assert departures == sorted(set(departures))
    assert all(any(s.from_s <= at <= s.to_s for s in hours) for at in departures)
    assert all(headways.at_s(at) > 0 for at in departures)
    assert len(departures) <= sum((s.to_s - s.from_s) // 60 + 2 for s in hours)
