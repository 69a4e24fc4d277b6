"""city.toml: read, checked, every problem at once with its line."""

from dataclasses import FrozenInstanceError

import pytest

from layers.config import RunSettings, config_for_osm, read_config
from layers.errors import InvalidConfig


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
    assert [role for role, _ in config.list_inputs()] == [
        "osm",
        "gtfs",
        "communities",
        "demand",
        "facilities",
        "parcels",
    ]


def test_paths_are_relative_to_the_file(city, tmp_path, monkeypatch):
    path = city('[sources]\nosm = "baoji.osm.pbf"\n')
    monkeypatch.chdir("/")
    config = read_config(path)
    assert config.osm == tmp_path / "baoji.osm.pbf"
    assert config.name == tmp_path.name
    assert config.communities.cells_m == 500.0
    assert config.settings == RunSettings()


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
    }
    assert text.startswith("city.toml: 10 problems: line 2: ")
    assert "did you mean 'adult_m_s'?" in text
    assert "did you mean 'packs'?" in text


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
