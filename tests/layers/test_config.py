"""city.toml: read, checked, every problem at once with its line."""

from dataclasses import FrozenInstanceError
from datetime import date

import pytest

from layers.config import RunSettings, config_for_osm, read_config
from layers.errors import InvalidConfig
from layers.transit.settings import TransitSettings


@pytest.fixture
def city(tmp_path):
    for name in ("baoji.osm.pbf", "communities.gpkg", "compounds.xlsx", "schools.xlsx", "land.shp"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "bus.gtfs.zip").write_bytes(b"x")

    def _city(text):
        path = tmp_path / "city.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return _city


FULL = """
[city]
name = "宝鸡市区"
packs = ["baoji-four-types", "shaanxi-school-planning-2019"]

[sources]
osm = "baoji.osm.pbf"
gtfs = ["bus.gtfs.zip"]
communities = { path = "communities.gpkg" }
demand      = { path = "compounds.xlsx", crs = "GCJ-02" }
facilities  = [{ path = "schools.xlsx", crs = "bd09" }]
parcels     = { path = "land.shp", encoding = "gbk", crs = 4545 }

[settings]
adult_m_s = 1.1
limits_min = [5, 10, 15, 20]
main_limit_min = 15

[transit]
day = 2025-03-12
depart_from = "17:00"
depart_to = "18:30"
percentile = 75
walk_min = 12

[limits]
max_rows = 500
"""


def problems_of(path):
    with pytest.raises(InvalidConfig) as caught:
        read_config(path)
    text, notices = caught.value.args
    assert str(caught.value) == text
    assert "\n" not in text
    assert all(notice.message_zh for notice in notices)
    return text, notices


def test_the_whole_of_it(city, tmp_path):
    config = read_config(city(FULL))
    assert config.name == "宝鸡市区"
    assert config.packs == ("baoji-four-types", "shaanxi-school-planning-2019")
    assert config.osm == tmp_path / "baoji.osm.pbf"
    assert config.demand.crs == "gcj02"
    assert config.facilities[0].crs == "bd09"
    assert (config.parcels.encoding, config.parcels.crs) == ("gbk", "EPSG:4545")
    assert config.settings.adult_m_s == 1.1
    assert config.settings.limits_min == (5.0, 10.0, 15.0, 20.0)
    assert config.limits.max_rows == 500
    assert config.transit == TransitSettings(
        day=date(2025, 3, 12),
        depart_from="17:00",
        depart_to="18:30",
        percentile=75.0,
        walk_min=12.0,
    )
    assert isinstance(config.transit.walk_min, float)
    assert [role for role, _ in config.list_inputs()] == [
        "osm",
        "gtfs",
        "communities",
        "demand",
        "facilities",
        "parcels",
    ]


class TestOverlays:
    """The city's own figures: packs/local.yaml whenever it is there, others by name."""

    BASE = '[city]\n{}\n[sources]\nosm = "baoji.osm.pbf"\n'

    def test_none(self, city):
        config = read_config(city(self.BASE.format("")))
        assert config.overlays == ()
        assert "overlay" not in [role for role, _ in config.list_inputs()]

    def test_the_local_one_comes_first_and_once(self, city, tmp_path):
        (tmp_path / "packs").mkdir()
        local, other = tmp_path / "packs" / "local.yaml", tmp_path / "plan.yaml"
        local.touch()
        other.touch()
        path = city(self.BASE.format('overlays = ["plan.yaml", "packs/local.yaml"]'))
        config = read_config(path)
        assert config.overlays == (local, other)
        assert config.list_inputs()[-2:] == [("overlay", local), ("overlay", other)]
        local.unlink()
        assert read_config(city(self.BASE.format("")[:-1])).overlays == ()

    def test_a_folder_called_so_is_no_overlay(self, city, tmp_path):
        (tmp_path / "packs" / "local.yaml").mkdir(parents=True)
        assert read_config(city(self.BASE.format(""))).overlays == ()

    @pytest.mark.parametrize(
        ("line", "code", "said"),
        [
            ('overlays = ["none.yaml"]', "missing_file", "overlays: the file 'none.yaml' does not"),
            ('overlays = "plan.yaml"', "wrong_type", "expected a list in [ ]"),
            ("overlays = [3]", "wrong_type", "overlays is 3; expected a path in quotes"),
            ('overlay = ["plan.yaml"]', "unknown_key", "did you mean 'overlays'?"),
        ],
    )
    def test_what_is_wrong_is_said_with_its_line(self, city, line, code, said):
        text, notices = problems_of(city(self.BASE.format(line)))
        assert [notice.code for notice in notices] == [code]
        assert notices[0].row == "2"
        assert said in text


def test_sizes_of_communities(city):
    base = '[sources]\nosm = "baoji.osm.pbf"\n[settings]\n'
    settings = read_config(city(base)).settings
    assert settings.undersize_households == 1500
    assert settings.oversize_households == 4000
    assert settings.adjoin_m == 50
    settings = read_config(city(base + "oversize_households = 5000\nadjoin_m = 0")).settings
    assert (settings.oversize_households, settings.adjoin_m) == (5000, 0)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            "oversize_households = 1500",
            "oversize_households is 1500; expected more than undersize_households, which is 1500",
        ),
        ("undersize_households = -1", "undersize_households is -1; expected a number from 0"),
        ("adjoin_m = -1", "adjoin_m is -1; expected a number from 0 to 10000"),
        ('adjoin_m = "near"', 'adjoin_m is "near"; expected a number'),
    ],
)
def test_sizes_that_make_no_sense(city, line, said):
    text, notices = problems_of(city(f'[sources]\nosm = "baoji.osm.pbf"\n[settings]\n{line}\n'))
    assert said in text
    assert notices[0].row == "4"


def test_paths_are_relative_to_the_file(city, tmp_path, monkeypatch):
    path = city('[sources]\nosm = "baoji.osm.pbf"\n')
    monkeypatch.chdir("/")
    config = read_config(path)
    assert config.osm == tmp_path / "baoji.osm.pbf"
    assert config.name == tmp_path.name
    assert config.communities.cells_m == 500.0
    assert config.settings == RunSettings()
    assert config.transit == TransitSettings()


def test_short_forms_and_cells_and_boundaries(city):
    base = '[sources]\nosm = "baoji.osm.pbf"\ncommunities = '
    assert (
        read_config(city(base + '"communities.gpkg"')).communities.path.name == "communities.gpkg"
    )
    assert read_config(city(base + "{ cells_m = 250 }")).communities.cells_m == 250.0
    assert read_config(city(base + "{ osm_admin_level = 10 }")).communities.osm_admin_level == 10


def test_everything_wrong_is_found_at_once_with_its_line(city):
    text, notices = problems_of(
        city(
            """[city]
name = 5
pack = ["x"]

[sources]
osm = "missing.osm.pbf"
communities = { path = "communities.gpkg", cells_m = 500 }
demand = { path = "compounds.xlsx", crs = "mars" }
facilities = [{ path = "schools.xlsx", encodng = "gbk" }]
parcels = { path = "land.shp", encoding = "klingon" }

[settings]
adult_ms = 1.2
older_m_s = -1
limits_min = [15, 10]

[transit]
source = "bus"
day = "next Monday"
depart_to = "07:10"
walk_minutes = 5
percentile = [50]
"""
        )
    )
    found = {(notice.code, notice.row) for notice in notices}
    assert found == {
        ("wrong_type", "2"),
        ("unknown_key", "3"),
        ("missing_file", "6"),
        ("communities_unclear", "7"),
        ("unknown_crs", "8"),
        ("unknown_key", "9"),
        ("unknown_encoding", "10"),
        ("unknown_key", "13"),
        ("wrong_value", "14"),
        ("wrong_value", "15"),
        ("wrong_value", "18"),
        ("wrong_type", "19"),
        ("wrong_value", "20"),
        ("unknown_key", "21"),
        ("wrong_type", "22"),
    }
    assert text.startswith("city.toml: 15 problems: line 2: ")
    assert "did you mean 'adult_m_s'?" in text
    assert "did you mean 'packs'?" in text
    assert "did you mean 'walk_min'?" in text


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("[sources]\n", "says nothing about 'osm'"),
        ("[city]\nname = 宝鸡\n", "is no valid TOML"),
        ("[sources]\nosm = 5\n", "a path in quotes"),
        ('[sources]\nosm = "baoji.osm.pbf"\n[extra]\n', "line 3: unknown key 'extra'"),
        ('[sources]\nosm = "baoji.osm.pbf"\ncommunities = { cells_m = 1 }', "from 50 to 10000"),
        (
            '[sources]\nosm = "baoji.osm.pbf"\ncommunities = { osm_admin_level = 9.5 }',
            "from 2 to 12",
        ),
        ('[sources]\nosm = "baoji.osm.pbf"\ngtfs = "bus.gtfs.zip"', "a list in"),
        ('[sources]\nosm = "baoji.osm.pbf"\n[settings]\nlimits_min = 15', "limits_min is 15"),
        ('[sources]\nosm = "baoji.osm.pbf"\n[limits]\nmax_rows = 0', "limit max_rows is 0"),
        (
            '[sources]\nosm = "baoji.osm.pbf"\ngtfs = ["nowhere"]',
            "line 3: gtfs: the file or folder 'nowhere' does not exist",
        ),
        (
            '[sources]\nosm = "baoji.osm.pbf"\n[transit]\nday = 2025-03-12T08:00:00',
            "day is 2025-03-12T08:00:00; expected a date such as 2025-03-12",
        ),
        ('[sources]\nosm = "baoji.osm.pbf"\n[transit]\nwalk_min = nan', "walk_min is nan"),
        (
            '[sources]\nosm = "baoji.osm.pbf"\n[transit]\ndepart_from = 07:30:30',
            "depart_from is 07:30:30; expected",
        ),
    ],
)
def test_single_faults(city, text, part):
    with pytest.raises(InvalidConfig) as caught:
        read_config(city(text))
    assert part in str(caught.value)


def test_missing_folder_and_encoding(tmp_path):
    with pytest.raises(InvalidConfig, match="does not exist"):
        read_config(tmp_path / "city.toml")
    with pytest.raises(InvalidConfig, match="is a folder"):
        read_config(tmp_path)
    (tmp_path / "gbk.toml").write_bytes('[city]\nname = "宝鸡"\n'.encode("gbk"))
    with pytest.raises(InvalidConfig, match="not UTF-8"):
        read_config(tmp_path / "gbk.toml")


def test_one_osm_file_alone(city, tmp_path):
    city("")
    config = config_for_osm(tmp_path / "baoji.osm.pbf")
    assert (config.name, config.communities.cells_m) == ("baoji", 500.0)
    assert config.list_inputs() == [("osm", tmp_path / "baoji.osm.pbf")]
    with pytest.raises(InvalidConfig, match="does not exist"):
        config_for_osm(tmp_path / "other.osm")
    with pytest.raises(InvalidConfig, match="cells_m is 5"):
        config_for_osm(tmp_path / "baoji.osm.pbf", cells_m=5)


def test_timetables_are_zips_or_folders(city, tmp_path):
    """A folder stands for the tables in it; the same feed named twice is one."""
    (tmp_path / "metro").mkdir()
    for name in ("stops.txt", "agency.txt", "readme.pdf"):
        (tmp_path / "metro" / name).write_bytes(b"x")
    base = '[sources]\nosm = "baoji.osm.pbf"\n'
    config = read_config(city(base + 'gtfs = ["metro", "bus.gtfs.zip", "./metro"]'))
    assert config.gtfs == (tmp_path / "metro", tmp_path / "bus.gtfs.zip")
    assert [path.name for role, path in config.list_inputs() if role == "gtfs"] == [
        "agency.txt",
        "stops.txt",
        "bus.gtfs.zip",
    ]
    twice = [tmp_path / "metro", tmp_path / "metro" / ".." / "metro"]
    assert config_for_osm(tmp_path / "baoji.osm.pbf", gtfs=twice).gtfs == (tmp_path / "metro",)
    with pytest.raises(InvalidConfig, match="expected a GTFS zip or folder"):
        config_for_osm(tmp_path / "baoji.osm.pbf", gtfs=[tmp_path / "tram.zip"])


def test_dates_and_clock_times_as_toml_has_them(city):
    """TOML knows dates and times of its own: both ways of writing them are read."""
    base = '[sources]\nosm = "baoji.osm.pbf"\n[transit]\n'
    plain = read_config(city(base + "day = 2025-03-12\ndepart_from = 07:00:00")).transit
    texts = read_config(city(base + 'day = "2025-03-12"\ndepart_from = "07:00"')).transit
    assert plain == texts
    assert (plain.first_departure_s, plain.n_departures) == (25_200, 90)


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("day = true", "day is true;"),
        ("day = 08:00:00", "day is 08:00:00;"),
        ('day = "tomorrow"', 'day is "tomorrow";'),
        ("walk_min = 100", "walk_min is 100;"),
        ("walk_min = 0.5", "walk_min is 0.5;"),
        ("walk_min = [1, true]", "walk_min is [1, true];"),
        ("walk_min = { a = 1 }", "walk_min is { a = 1 };"),
        ("source = 3", "source is 3;"),
        ('source = "bus"', 'source is "bus";'),
        ("depart_from = 2024-03-06", "depart_from is 2024-03-06;"),
        ("depart_from = 730", "depart_from is 730;"),
        ('depart_from = "half past"', 'depart_from is "half past";'),
    ],
)
def test_values_are_shown_as_they_were_written(city, line, shown):
    with pytest.raises(InvalidConfig) as caught:
        read_config(city(f'[sources]\nosm = "baoji.osm.pbf"\n[transit]\n{line}'))
    assert f"line 4: {shown}" in str(caught.value)
    (notice,) = caught.value.args[1]
    assert shown.split(" is ")[1].removesuffix(";") in notice.message_zh


class TestSettings:
    def test_defaults_are_the_documented_ones(self):
        settings = RunSettings()
        assert [settings.speed_m_s(who) for who in ("adult", "older", "child")] == [1.2, 0.8, 1.0]
        assert settings.longest_walk_m == 15 * 60 * 1.2
        with pytest.raises(KeyError):
            settings.speed_m_s("dog")

    @pytest.mark.parametrize(
        "values",
        [
            {"adult_m_s": 0.0},
            {"adult_m_s": float("nan")},
            {"max_leg_m": True},
            {"limits_min": ()},
            {"limits_min": (5.0, 5.0, 15.0)},
            {"main_limit_min": 12.0},
            {"severed_detour": 0.5},
            {"cell_m": "50"},
        ],
    )
    def test_nonsense_is_refused(self, values):
        with pytest.raises(InvalidConfig, match=next(iter(values))):
            RunSettings(**values)

    def test_frozen(self):
        with pytest.raises(FrozenInstanceError):
            RunSettings().adult_m_s = 2.0


class TestSchools:
    """`[schools]`, and the tables that go with it."""

    def test_sources_and_settings(self, city, tmp_path):
        for name in ("children.xlsx", "housing.xlsx", "areas.geojson", "plan2019.shp"):
            (tmp_path / name).write_bytes(b"x")
        config = read_config(
            city(
                '[sources]\nosm = "baoji.osm.pbf"\nchildren = "children.xlsx"\n'
                'housing = { path = "housing.xlsx", crs = "bd09" }\n'
                'catchments = { path = "areas.geojson" }\n'
                'earlier_parcels = { path = "plan2019.shp", encoding = "gbk" }\n'
                "[schools]\nfirst_year = 2025\nhorizon = 2030\npersons_per_household = 2.6\n"
                "per_thousand = { kindergarten = 33, primary_school = 66.5 }\n"
            )
        )
        assert [role for role, _ in config.list_inputs()][1:] == [
            "children",
            "housing",
            "catchments",
            "earlier_parcels",
        ]
        assert (config.housing.crs, config.earlier_parcels.encoding) == ("bd09", "gbk")
        assert config.schools.list_years(date(2031, 1, 1)) == tuple(range(2025, 2031))
        assert config.schools.per_thousand == {"kindergarten": 33, "primary_school": 66.5}
        assert config.schools.persons_per_household == 2.6

    def test_ten_years_from_the_day_of_the_run(self, city):
        schools = read_config(city('[sources]\nosm = "baoji.osm.pbf"\n')).schools
        assert schools.list_years(date(2025, 3, 1)) == tuple(range(2025, 2035))
        assert schools.per_thousand == {}

    @pytest.mark.parametrize(
        ("line", "what"),
        [
            ("horizon = 2020", "horizon is 2020, before"),
            ("first_year = 2030\nhorizon = 2029", "before first_year, which is 2030"),
            ("first_year = 2025\nhorizon = 2095", "70 years after"),
            ("horizon = 1825", "a year from 1990 to 2100"),
            ("horizon = 2035.5", "a year from 1990 to 2100"),
            ("per_thousand = { nursery = 30 }", "known levels are kindergarten"),
            ("per_thousand = { kindergarten = -30 }", "from 0 to 1000"),
            ("per_thousand = 30", "expected a table"),
            ("persons_per_household = 0", "from 0.5 to 20"),
            ("horizn = 2030", "did you mean 'horizon'"),
        ],
    )
    def test_what_makes_no_sense(self, city, line, what):
        text, notices = problems_of(city(f'[sources]\nosm = "baoji.osm.pbf"\n[schools]\n{line}\n'))
        assert what in text
        assert all(int(notice.row) > 2 for notice in notices)
