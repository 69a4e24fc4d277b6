"""Communities and their cards."""

import pytest

from services.api.models import CommunityAnswer, CommunityCard


def test_list(client):
    answer = CommunityAnswer.model_validate_json(client.get("/v1/communities").content)
    assert [row.community_id for row in answer.items] == ["C01", "C02", "C03"]
    assert answer.items[0].households == 1600
    west, south, east, north = answer.items[0].bounds
    assert west < answer.items[0].lon < east
    assert south < answer.items[0].lat < north


def test_card(client):
    answer = client.get("/v1/communities/C02")
    card = CommunityCard.model_validate_json(answer.content)
    assert card.community.name == "渭滨路社区"
    assert [kind.kind for kind in card.coverage] == ["pharmacy", "kindergarten", "clinic"]
    pharmacy = card.coverage[0]
    assert [limit.share for limit in pharmacy.limits] == [0.25, 0.5, 0.75]
    assert pharmacy.nearest is not None
    assert (pharmacy.nearest.name, pharmacy.nearest.nearest_m) == ("康宁药房", 110.0)
    assert card.coverage[2].nearest is None
    assert [(gap.rule, gap.status) for gap in card.gaps] == [
        ("p.kindergarten", "not_applicable"), ("p.pharmacy", "gap"), ("p.clinic", "unknown"),
    ]  # fmt: skip
    gap = card.gaps[1]
    assert (gap.source_document, gap.source_clause, gap.source_status) == (
        "纸上城市标准",
        "第3条",
        "primary",
    )
    assert gap.nearest_facility_name == "康宁药房"
    assert [(one.source, one.points, one.households) for one in card.demand] == [("table", 1, 1400)]
    assert card.notices == []


def test_card_of_a_community_without_households_and_with_a_hostile_name(client, paper):
    card = CommunityCard.model_validate_json(client.get("/v1/communities/C03").content)
    assert card.community.name == paper.hostile
    assert card.community.households is None
    assert [notice.code for notice in card.notices] == ["missing_households"]


@pytest.mark.parametrize(
    "community",
    ["C99", "../../etc/passwd", "%00", "a/b/c", "C01'%20OR%201=1", "%3Cscript%3E", "%ff%fe"],
)
def test_unknown_community_is_404_with_close_names(client, community):
    answer = client.get(f"/v1/communities/{community}")
    assert answer.status_code == 404
    if community == "C99":
        assert answer.json()["allowed"] == ["C01", "C02", "C03"]
        assert "C01" in answer.json()["detail"]
