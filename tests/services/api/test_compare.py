"""The sample city beside itself a year earlier: every planted change, and `/v1/compare`.

What `layers/demo/next.yaml` changes: a split, a merger, a new code, a community that crosses 1,500
households, an attribute counted at last, a kindergarten opened in 2025, a shop no longer in the
map, and another share of the city's own.
"""

import json
import shutil
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest
from fastapi.testclient import TestClient

from layers.city import build_city
from layers.config import read_config
from layers.demo import write_demo
from layers.standards.load import read_packs
from layers.store import write_manifest, write_run
from services.api.app import create_app
from services.api.compare_models import CompareAnswer
from services.compare.changes import Comparison, compare_runs
from services.compare.editions import read_edition
from services.manifest import build_manifest
from services.measure import measure_city
from services.settings import ServiceSettings

EARLIER = "2025-12-31"  # no rule begins or ends after it; what opened in 2025 may have opened since


@pytest.fixture(scope="module")
def earlier_run(sample_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample city as first handed over, dated back."""
    folder = tmp_path_factory.mktemp("earlier") / "run"
    shutil.copytree(sample_run, folder, ignore=shutil.ignore_patterns("*.gpkg", "maps", "report*"))
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    assert manifest["judged_on"] <= manifest["created"][:10]
    (folder / "manifest.json").write_text(json.dumps({**manifest, "judged_on": EARLIER}), "utf-8")
    return folder


@pytest.fixture(scope="module")
def later_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample city a year later: tables alone, without maps and reports."""
    folder = tmp_path_factory.mktemp("later")
    config = read_config(write_demo(folder / "city", edition="next"))
    city = build_city(config, report=lambda *_: None)
    day = datetime.now(tz=UTC).date()
    results = measure_city(city, read_packs(config.packs, overlays=config.overlays), day=day)
    out = folder / "run"
    out.mkdir()
    write_run(out, results.tables, city.streets.network, results.transit)
    write_manifest(out, build_manifest(city, results, {}, day=day))
    return out


@pytest.fixture(scope="module")
def told(earlier_run: Path, later_run: Path) -> Comparison:
    return compare_runs(read_edition(earlier_run), read_edition(later_run))


@pytest.fixture(scope="module")
def compared(earlier_run: Path, later_run: Path) -> Iterator[TestClient]:
    """The app on the later run, told of the earlier one."""
    settings = ServiceSettings(run=later_run, compare_with=earlier_run, reload_s=0)
    with TestClient(create_app(settings), raise_server_exceptions=False) as started:
        yield started


def find(told: Comparison, name: str, rule: str) -> list[dict]:
    rows = told.changes
    return rows[(rows["name"] == name) & (rows["rule"] == rule)].to_dict("records")


class TestPlantedChanges:
    def test_communities(self, told):
        moved = {
            one.relation: (one.before, one.after) for one in told.matches if one.relation != "same"
        }
        assert moved == {
            "split": (("990100006",), ("990100024", "990100025")),
            "merged": (("990100011", "990100012"), ("990100026",)),
            "renumbered": (("990100021",), ("990100121",)),
        }
        assert told.count_relations()["same"] == 23 - 4
        assert all(one.overlap > 0.99 for one in told.matches)

    def test_inputs(self, told):
        assert {one.code for one in told.common} == {
            "input_osm", "input_demand", "input_communities", "input_facilities",
        }  # fmt: skip
        assert {one.why for one in told.common} == {"data"}

    def test_a_kindergarten_opened(self, told):
        (row,) = find(told, "锦川社区", "bj.kindergarten.1500.inside")
        assert (row["direction"], row["why"], row["also"]) == ("better", "world", "")
        assert row["evidence_zh"] == "“锦川第二幼儿园”于2025年投用"
        assert (row["found_before"], row["found_after"]) == (0, 1)

    def test_one_community_crossed_the_threshold(self, told):
        rows = [
            row
            for suffix in ("inside", "walk", "places")
            for row in find(told, "云川社区", f"bj.kindergarten.1500.{suffix}")
        ]
        assert {(row["status_before"], row["direction"], row["why"]) for row in rows} == {
            ("not_applicable", "begins", "world")
        }
        assert rows[0]["evidence_zh"] == "户数：1,499户→1,512户（2025-07-01起）"

    def test_green_was_counted_at_last(self, told):
        (row,) = find(told, "东苑社区", "bj.green_rate")
        assert (row["status_before"], row["status_after"]) == ("unknown", "met")
        assert (row["direction"], row["why"]) == ("decided", "data")
        assert row["evidence_zh"] == "社区表“绿化率”已填写"

    def test_the_city_asked_for_more_parks(self, told):
        (row,) = find(told, "长宁社区", "bj.reach.park")
        assert (row["status_before"], row["status_after"], row["why"]) == ("met", "gap", "rule")
        assert row["evidence_zh"] == "规则的覆盖比例：90%→95%（本市取值）"
        assert (row["needed_before"], row["needed_after"]) == (0.9, 0.95)
        untouched = told.changes[told.changes["relation"] == "same"]
        parks = untouched[untouched["rule"] == "bj.reach.park"]
        assert set(parks["why"]) == {"rule"}
        ruled = untouched[untouched["why"] == "rule"]
        assert set(ruled["rule"]) == {"bj.reach.park"}

    def test_a_shop_left_the_map(self, told):
        rows = told.changes[told.changes["evidence_zh"].str.contains("云台惠民超市")]
        alone = rows[rows["relation"] == "same"]
        assert len(alone) > 0
        assert set(alone["direction"]) <= {"worse", "undecided", "decided"}
        assert set(alone.loc[alone["also"] == "", "why"]) == {"data"}
        assert rows["evidence_zh"].str.contains("是否关闭，数据没有说明").all()

    def test_a_new_code_changes_nothing(self, told):
        rows = told.changes[told.changes["relation"] == "renumbered"]
        assert set(rows["rule"]) <= {"bj.reach.park"}

    def test_parts_are_put_down_to_the_split_or_merger_or_to_what_is_not_counted_yet(self, told):
        rows = told.changes[told.changes["relation"].isin(["split", "merged"])]
        moved = rows[rows["why"] == "world"]
        assert moved["evidence_zh"].str.contains("拆分|合并").all()
        blank = rows[rows["why"] == "data"]
        assert set(blank["direction"]) == {"undecided"}
        assert blank["evidence_zh"].str.contains("变为空白").all()

    def test_the_size_check_of_the_oversize_one(self, told):
        cards = told.cards[(told.cards["card"] == "size") & (told.cards["relation"] == "split")]
        assert set(cards["direction"]) == {"better"}
        assert set(cards["why"]) == {"world"}

    def test_a_circle_says_which_rules_moved_it(self, told):
        cards = told.cards.set_index(["name", "card"]).sort_index()
        row = cards.loc[("长宁社区", "bj.type.beautiful")].squeeze()
        assert (row["status_after"], row["why"], row["rules"]) == ("gap", "rule", "bj.reach.park")

    def test_nothing_else_moved(self, told):
        """Every change has a planted reason; none is put down to inputs that were renewed."""
        said = told.changes["evidence_zh"]
        planted = "云川社区|1,512户|锦川第二|绿化率|覆盖比例|云台惠民|拆分|合并|变为空白|已填写"
        assert said[~said.str.contains(planted)].tolist() == []

    def test_looking_back(self, told, earlier_run, later_run):
        back = compare_runs(read_edition(later_run), read_edition(earlier_run))
        mirrored = {"split": "merged", "merged": "split"}
        assert back.count_relations() == {
            mirrored.get(name, name): n for name, n in told.count_relations().items()
        }
        there, here = told.changes["direction"], back.changes["direction"]
        for one, other in (("better", "worse"), ("decided", "undecided"), ("begins", "ends")):
            assert (there == one).sum() == (here == other).sum()
            assert (there == other).sum() == (here == one).sum()

    def test_the_same_run_twice(self, later_run):
        run = read_edition(later_run)
        same = compare_runs(run, run)
        assert (len(same.changes), len(same.cards), same.common) == (0, 0, ())
        assert same.count_relations() == {"same": 23}


class TestRoute:
    def test_answer(self, compared, told):
        answer = compared.get("/v1/compare")
        assert answer.status_code == 200
        found = CompareAnswer.model_validate(answer.json())
        assert (found.before.judged_on, found.matched) == (EARLIER, len(told.changes))
        assert found.count == len(found.items) == min(1000, len(told.changes))
        assert found.items[0].direction == "worse"
        assert {one.relation for one in found.communities} == {"split", "merged", "renumbered"}
        assert found.matched_cards == len(found.cards) == len(told.cards)

    def test_etag_and_gzip(self, compared):
        first = compared.get("/v1/compare")
        assert first.headers["content-encoding"] == "gzip"
        again = compared.get("/v1/compare", headers={"If-None-Match": first.headers["etag"]})
        assert again.status_code == 304

    @pytest.mark.parametrize(
        ("asked", "column", "values"),
        [
            ({"direction": "better"}, "direction", {"better"}),
            ({"why": "rule"}, "why", {"rule"}),
            ({"district": "锦川区"}, "district", {"锦川区"}),
            ({"rule": "bj.reach.park"}, "rule", {"bj.reach.park"}),
            ({"rule": "bj.kindergarten.1500"}, "rule",
             {f"bj.kindergarten.1500.{one}" for one in ("inside", "walk", "places")}),
            ({"community": "990100006"}, "after_id", {"990100024", "990100025"}),
            ({"community": "990100026"}, "before_id", {"990100011", "990100012"}),
        ],
    )  # fmt: skip
    def test_filters(self, compared, told, asked, column, values):
        found = compared.get("/v1/compare", params=asked).json()
        assert {row[column] for row in found["items"]} == values
        if column not in {"after_id", "before_id"}:
            assert found["matched"] == told.changes[column].isin(values).sum()

    def test_counts_are_of_all_directions_and_causes(self, compared):
        whole = compared.get("/v1/compare").json()
        part = compared.get("/v1/compare", params={"direction": "better", "why": "data"}).json()
        assert part["directions"] == whole["directions"]
        counted = sum(n for row in whole["directions"].values() for n in row.values())
        assert counted == whole["matched"]
        assert part["matched"] == whole["directions"]["better"]["data"]

    def test_verdicts_alone(self, compared, told):
        found = compared.get("/v1/compare", params={"verdicts": True}).json()
        assert all(row["status_before"] != row["status_after"] for row in found["items"])
        assert (
            found["matched"]
            == (told.changes["status_before"] != told.changes["status_after"]).sum()
        )

    def test_pages(self, compared):
        whole = compared.get("/v1/compare").json()["items"]
        pages = [
            compared.get("/v1/compare", params={"limit": 50, "offset": n}).json()["items"]
            for n in range(0, len(whole) + 50, 50)
        ]
        assert [row for page in pages for row in page] == whole

    def test_what_became_of_one_community(self, compared):
        found = compared.get("/v1/compare", params={"community": "990100121"}).json()
        assert [(one["relation"], one["before"]) for one in found["communities"]] == [
            ("renumbered", ["990100021"])
        ]

    @pytest.mark.parametrize(
        ("asked", "status", "words"),
        [
            ({"community": "123"}, 404, "no community '123'"),
            ({"rule": "bj.reach.parks"}, 404, "close or possible: bj.reach.park"),
            ({"district": "火星区"}, 404, "no district"),
            ({"direction": "up"}, 400, "direction"),
            ({"why": "fate"}, 400, "why"),
            ({"limit": 0}, 400, "limit"),
            ({"limit": 10_001}, 400, "at most 10,000"),
            ({"offset": -1}, 400, "offset"),
        ],
    )
    def test_what_cannot_be_answered(self, compared, asked, status, words):
        answer = compared.get("/v1/compare", params=asked)
        assert answer.status_code == status
        assert words in answer.json()["detail"]

    def test_compared_once_however_many_ask(self, earlier_run, later_run, monkeypatch):
        calls = []

        def count(*runs):
            calls.append(runs)
            return compare_runs(*runs)

        monkeypatch.setattr("services.api.compared.compare_runs", count)
        settings = ServiceSettings(run=later_run, compare_with=earlier_run, reload_s=0)
        with TestClient(create_app(settings)) as started:
            threads = [
                threading.Thread(target=started.get, args=["/v1/compare?limit=1"]) for _ in range(4)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert len(calls) == 1

    def test_without_an_earlier_run(self, client):
        answer = client.get("/v1/compare")
        assert answer.status_code == 404
        assert "--compare-with EARLIER" in answer.json()["detail"]
        assert "LIFECIRCLE_COMPARE_WITH" in answer.json()["detail"]

    def test_an_earlier_run_that_cannot_be_used(self, later_run, tmp_path):
        settings = ServiceSettings(run=later_run, compare_with=tmp_path, reload_s=0)
        with TestClient(create_app(settings), raise_server_exceptions=False) as started:
            answer = started.get("/v1/compare")
            assert answer.status_code == 503
            assert "holds no complete run" in answer.json()["detail"]
            assert started.get("/").status_code == 200

    def test_it_is_described(self, compared):
        document = compared.get("/openapi.json").json()
        (example,) = document["components"]["schemas"]["CompareAnswer"]["examples"]
        CompareAnswer.model_validate(example)
        names = {one["name"] for one in document["paths"]["/v1/compare"]["get"]["parameters"]}
        assert names >= {"community", "rule", "direction", "why", "district"}


def test_the_page_shows_changes_only_where_there_is_an_earlier_run(compared, client):
    assert '"compared": true' in compared.get("/", headers={"accept": "text/html"}).text
    assert '"compared": false' in client.get("/", headers={"accept": "text/html"}).text


def test_settings_come_from_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("LIFECIRCLE_COMPARE_WITH", str(tmp_path))
    assert ServiceSettings(run=tmp_path).compare_with == tmp_path


def test_tables_have_the_documented_columns(told):
    for frame in (told.changes, told.cards):
        assert not frame.isna().all(axis=None)
        assert all(isinstance(name, str) for name in frame.columns)
    assert pd.api.types.is_float_dtype(told.changes["shortfall_after"])
