"""What the service measures on the spot equals what the run's tables say."""

import pandas as pd
import pytest

from layers.store import read_run
from services.api.models import CommunityCard, CoverageAnswer, GapAnswer, SummaryAnswer
from services.api.place_models import JourneyAnswer


@pytest.mark.parametrize("kind", ["kindergarten", "clinic", "park"])
def test_nearest_is_the_access_tables(sample_client, sample_run, kind):
    run = read_run(sample_run)
    access = run.access[(run.access["kind"] == kind) & (run.access["mode"] == "walk")]
    homes = run.demand.merge(access, on="demand_id", suffixes=("", "_access"))
    for home in homes.sample(25, random_state=7).itertuples():
        answer = sample_client.get(
            "/v1/nearest", params={"lon": home.geometry.x, "lat": home.geometry.y, "kind": kind}
        )
        if not home.connected:
            assert answer.status_code == 422
            continue
        found = answer.json()
        if pd.isna(home.nearest_m):
            assert found["status"] == "unreached"
            continue
        (walk,) = found["nearest"]
        assert walk["walk_m"] == pytest.approx(home.nearest_m, abs=0.05)
        assert walk["walk_s"] == pytest.approx(home.nearest_s, abs=0.2)
        assert found["snapped"]["street"]["street_id"] == home.street_id
        assert found["snapped"]["leg_m"] == pytest.approx(home.leg_m, abs=0.01)
        if walk["facility_id"] != home.facility_id:  # a tie to the millimetre may fall either way
            assert walk["walk_m"] == pytest.approx(home.nearest_m, abs=0.002)


def test_journeys_retrace_the_access_table(sample_client, sample_run):
    """From a home of the table, leaving at its `depart_s`, one is there after its `nearest_s`."""
    run = read_run(sample_run)
    riding = run.access[(run.access["mode"] == "walk_transit") & run.access["depart_s"].notna()]
    homes = run.demand[["demand_id", "geometry"]].merge(riding, on="demand_id")
    assert homes["kind"].nunique() > 10
    for home in homes.sample(40, random_state=11).itertuples():
        asked = {"lon": home.geometry.x, "lat": home.geometry.y, "kind": home.kind}
        depart = f"{int(home.depart_s) // 3600:02d}:{int(home.depart_s) % 3600 // 60:02d}"
        journey = JourneyAnswer.model_validate_json(
            sample_client.get("/v1/journey", params={**asked, "depart": depart}).content
        )
        assert journey.by == "ride"
        assert journey.seconds == pytest.approx(home.nearest_s, abs=0.001)
        assert sum(leg.seconds for leg in journey.legs) == pytest.approx(journey.seconds)
        assert (journey.facility_id, journey.window.depart) == (home.facility_id, depart)
        window = (journey.window.typical_s, journey.window.best_s, journey.window.worst_s)
        assert window == pytest.approx((home.nearest_s, home.best_s, home.worst_s), abs=0.001)
        soonest = sample_client.get("/v1/nearest", params={**asked, "mode": "walk_transit"})
        (one,) = soonest.json()["nearest"]
        assert one["time_s"] == pytest.approx(home.nearest_s, abs=0.001)
        assert one["entrance"]["entrance_id"] == home.entrance_id


def test_examples_of_the_cards_can_be_retraced(sample_client, sample_run):
    run = read_run(sample_run)
    coverage = run.coverage[run.coverage["mode"] == "walk_transit"]
    medians = coverage.set_index(["community_id", "kind"])["median_s"]
    medians = medians[~medians.index.duplicated()]
    told = 0
    for community in run.communities["community_id"].head(6):
        card = sample_client.get(f"/v1/communities/{community}").json()
        for one in card["coverage"]:
            example = one["example"]
            if example and example["basis"] == "median":
                told += 1
                expected = medians[community, one["kind"]]
                assert example["typical_s"] == pytest.approx(expected, abs=0.001)
    assert told > 20


def test_summary_is_the_manifests(sample_client, sample_run):
    manifest = read_run(sample_run).manifest
    summary = SummaryAnswer.model_validate_json(sample_client.get("/v1/summary").content)
    assert len(summary.items) == len(manifest["kinds"])
    ridden = SummaryAnswer.model_validate_json(
        sample_client.get("/v1/summary", params={"mode": "walk_transit"}).content
    )
    both = [("summary", item) for item in summary.items]
    both += [("summary_walk_transit", item) for item in ridden.items]
    for entry, item in both:
        given = manifest[entry][item.kind][f"{item.limit:g}"]
        assert item.status == given["status"]
        assert item.share == pytest.approx(given["share"], abs=1e-6)
        assert item.households_covered == pytest.approx(given["households_covered"], abs=1e-5)


def test_districts_add_up_to_the_city(sample_client):
    city = sample_client.get("/v1/summary", params={"kind": "kindergarten"}).json()
    (whole,) = city["items"]
    parts = [
        sample_client.get(
            "/v1/summary", params={"kind": "kindergarten", "district": district}
        ).json()["items"][0]
        for district in city["city"]["districts"]
    ]
    for column in ("households", "households_covered", "communities", "unconnected_households"):
        assert sum(part[column] or 0 for part in parts) == pytest.approx(whole[column], abs=1e-5)
    for status, n in whole["gaps"].items():
        assert sum(part["gaps"][status] for part in parts) == n


def test_every_answer_of_the_sample_city_has_its_promised_shape(sample_client):
    get = sample_client.get
    CoverageAnswer.model_validate_json(get("/v1/coverage").content)
    GapAnswer.model_validate_json(get("/v1/gaps").content)
    for row in get("/v1/communities").json()["items"]:
        CommunityCard.model_validate_json(get(f"/v1/communities/{row['community_id']}").content)
    for collection in get("/collections").json()["collections"]:
        answer = get(f"/collections/{collection['id']}/items", params={"limit": 10_000})
        assert answer.status_code == 200
        assert b"NaN" not in answer.content
    for kind in get("/v1/kinds").json()["items"]:
        assert get(f"/maps/{kind['code']}").status_code == 200
    for kind in ("kindergarten", "clinic"):
        page = get(f"/maps/{kind}", params={"mode": "walk_transit", "limit": 10})
        assert page.status_code == 200
