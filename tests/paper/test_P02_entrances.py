"""Ways in: campuses, gates, parks, walls. Lengths in metres, worked out by hand."""

import pytest

NEAR = {"abs": 0.05}


def campus(town, **gates):
    """A school 200 × 200 m, its south side along a street at y=0, its back lane at y=260.

    Ring corners (300, 20), (500, 20), (500, 220), (300, 220). The street runs from x=0 to x=1000 at
    y=0, the lane at y=260; both join at x=0 (260 m).
    """
    west_south, west_north = town.node(0, 0), town.node(0, 260)
    town.street(west_south, town.node(1000, 0), name="前街")
    town.street(west_north, town.node(1000, 260), name="后巷")
    town.street(west_south, west_north, name="西路")
    ring = [town.node(300, 20), town.node(500, 20), town.node(500, 220)]
    for name, tags in gates.items():
        x, y = {"front": (400, 20), "back": (400, 220)}[name]
        gate = town.node(x, y, **tags)
        ring.insert({"front": 1, "back": len(ring)}[name], gate)
    ring.append(town.node(300, 220))
    town.area(ring, amenity="school", isced__level="1", name="纸上小学")
    town.community("A", (-100, -100, 1100, 400), households=2)


def test_P11_campus_with_two_gates(town):
    """FEATURE UNDER TEST: the nearer of two gates counts, not the centroid.

    Gates in the middle of the south and of the north side, at x=400. Home on the front street at
    x=700: 300 along the street + 20 from the street to the front gate = 320 m. Home on the back lane
    at x=700: 300 + 40 to the back gate = 340 m. (The centroid is 120 m from the street.)
    """
    campus(town, front={"barrier": "gate"}, back={"entrance": "yes"})
    town.home("front", 700, 0)
    town.home("back", 700, 260)
    answer = town.measure()
    assert answer.walk_m("front", "primary_school") == pytest.approx(320, **NEAR)
    assert answer.walk_m("back", "primary_school") == pytest.approx(340, **NEAR)
    ends = {answer.access(home, "primary_school")["entrance_id"] for home in ("front", "back")}
    assert len(ends) == 2
    facility = answer.results.tables["facilities"].query("kind == 'primary_school'").iloc[0]
    assert facility["n_entrances"] == 2


def test_P12_campus_with_one_gate(town):
    """FEATURE UNDER TEST: without a back gate the lane's home walks around.

    From (700, 260): 700 west + 260 south + 400 east + 20 to the front gate = 1380 m.
    """
    campus(town, front={"barrier": "gate"})
    town.home("back", 700, 260)
    answer = town.measure()
    assert answer.walk_m("back", "primary_school") == pytest.approx(1380, **NEAR)


def test_P13_park_with_a_path_through(town):
    """FEATURE UNDER TEST: a park without mapped entrances is entered where streets touch it.

    A square park from (300, 0) to (500, 200); a street along y=100 ends at its west side, at
    (300, 100). Home at (100, 100): 200 m, not the 300 m to its centre.
    """
    touch = town.node(300, 100)
    town.street(town.node(0, 100), touch)
    west = [town.node(300, 0), town.node(500, 0), town.node(500, 200), town.node(300, 200), touch]
    town.area(west, leisure="park", name="纸上公园")
    town.community("A", (-100, -100, 600, 300), households=1)
    town.home("h1", 100, 100)
    answer = town.measure()
    assert answer.walk_m("h1", "park") == pytest.approx(200, **NEAR)
    park = answer.results.tables["facilities"].query("kind == 'park'").iloc[0]
    assert park["reached_by"] == "street"


def test_P14_area_apart_from_streets(town):
    """FEATURE UNDER TEST: an area without entrance or street is reached at the nearest of its ring.

    A school from (300, 50) to (400, 150), nothing touches it; the street runs along y=0. The
    nearest point of its ring is 50 m from the street; home at x=350: no farther than
    50 m + the 50 m at most between x=300 or 400 and x=350.
    """
    town.street(town.node(0, 0), town.node(800, 0))
    town.area([(300, 50), (400, 50), (400, 150), (300, 150)], amenity="school", isced__level="1")
    town.community("A", (-100, -100, 900, 300), households=1)
    town.home("h1", 350, 0)
    answer = town.measure()
    school = answer.results.tables["facilities"].query("kind == 'primary_school'").iloc[0]
    assert school["reached_by"] == "ring"
    assert 50 - 0.05 <= answer.walk_m("h1", "primary_school") <= 100.05


def compound(town, gate):
    """A walled compound: homes on an inner road, the market behind its back gate.

    The inner road runs from the front gate (0, 0) to the back gate (0, 400); the main road passes the
    front gate along y=0, the market road the back gate along y=400; they join at x=1000.
    """
    front, back = town.node(0, 0), town.node(0, 400, **gate)
    east_south, east_north = town.node(1000, 0), town.node(1000, 400)
    town.street(front, east_south, name="前路")
    town.street(back, east_north, name="后路")
    town.street(east_south, east_north, name="东路")
    town.street(front, town.node(0, 380), back, highway="service", name="院内路")
    town.way(town.node(-150, 399), town.node(150, 399), barrier="wall", name="")
    town.community("A", (-200, -100, 1100, 500), households=1)
    town.home("h1", 0, 350)
    town.facility("supermarket", 100, 400)


def test_P15_open_back_gate(town):
    """FEATURE UNDER TEST: an open gate is walked through: 50 + 100 = 150 m."""
    compound(town, {"barrier": "gate"})
    assert town.measure().walk_m("h1", "supermarket") == pytest.approx(150, **NEAR)


def test_P16_locked_back_gate(town):
    """FEATURE UNDER TEST: a closed gate cuts the way, and the gap says so.

    350 back to the front gate + 1000 + 400 + 900 = 2650 m for 112 m straight (√(100² + 50²)).
    """
    compound(town, {"barrier": "gate", "locked": "yes", "foot": "no"})
    answer = town.measure()
    assert answer.walk_m("h1", "supermarket") == pytest.approx(2650, **NEAR)
    gaps = answer.results.tables["gaps"]
    gap = gaps[(gaps["community_id"] == "A") & (gaps["kind"] == "shop")].iloc[0]
    assert (gap["status"], gap["cause"]) == ("gap", "severed")
    assert gap["detour_factor"] == pytest.approx(2650 / 111.8, rel=0.01)
    assert gap["barrier_kind"] == "wall"
    assert "中间隔着围墙" in gap["reason"]


def test_P17_private_roads_lead_out_but_not_through(town):
    """FEATURE UNDER TEST: `access=private` serves those who live there, not those who pass.

    A private road cuts the corner between two public ones: from (0, 0) to (300, 400), 500 m. Public
    way around: 300 + 400 = 700 m by (300, 0). The resident in its middle walks 250 m to the shop at
    (300, 400); the passer-by from (0, 0) walks 700 m.
    """
    start, corner, end = town.node(0, 0), town.node(300, 0), town.node(300, 400)
    town.street(start, corner)
    town.street(corner, end)
    town.street(town.node(-300, 0), start)
    town.street(start, end, highway="service", access="private")
    town.community("A", (-400, -100, 500, 500), households=2)
    town.home("passer", 0, -10)
    town.home("resident", 150, 200)
    town.facility("supermarket", 300, 400)
    answer = town.measure()
    assert answer.walk_m("resident", "supermarket") == pytest.approx(250, **NEAR)
    assert answer.walk_m("passer", "supermarket") == pytest.approx(710, **NEAR)
