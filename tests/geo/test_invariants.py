"""What must hold for any town: renumbering changes nothing, more streets never lengthen a walk."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from geo.network import build_network
from geo.reach import measure_nearest, measure_within
from geo.snap import Links

CRS = "EPSG:32648"


class Draft:
    """A random town as plain arrays, so that it can be built again in another order."""

    def __init__(self, seed, n_streets=12):
        rng = np.random.default_rng(seed)
        self.n = int(rng.integers(3, 9))
        self.m = int(rng.integers(2, n_streets))
        self.xy = rng.integers(0, 40, (self.n, 2)) * 25.0
        self.ends = rng.integers(0, self.n, (self.m, 2))
        self.bends = self.xy[self.ends].mean(axis=1) + rng.normal(0, 40, (self.m, 2))
        self.oneway = rng.integers(0, 5, self.m)
        self.homes = self.points(rng, 10)
        self.sources = self.points(rng, 4)

    def points(self, rng, count):
        return (
            rng.integers(0, self.m, count),
            rng.choice([0.0, 0.5, 1.0, 0.3], count),
            rng.integers(0, 100, count) / 4.0,
        )

    def build(self, *, node_order=None, street_order=None, streets=None):
        streets = np.arange(self.m) if streets is None else streets
        street_order = streets if street_order is None else street_order
        node_order = np.arange(self.n) if node_order is None else node_order
        renamed = np.argsort(node_order)
        xy = np.vstack([self.xy[node_order], self.bends])
        nodes = np.column_stack(
            [
                renamed[self.ends[street_order, 0]],
                self.n + street_order,
                renamed[self.ends[street_order, 1]],
            ]
        )
        network = build_network(
            crs=CRS,
            node_xy=xy,
            path_nodes=nodes.ravel(),
            path_offsets=np.arange(0, nodes.size + 1, 3),
            path_way=street_order,
            path_group=street_order,
            path_forward=self.oneway[street_order] != 1,
            path_backward=self.oneway[street_order] != 2,
            min_island_m=0.0,
        )
        edge_of = np.full(self.m, -1)
        edge_of[network.edge_way] = np.arange(network.n_edges)

        def links(points):
            street, part, leg = points
            edge = edge_of[street].astype(np.int32)
            length = network.edge_length_m[edge]
            offset = np.where(part == 1.0, length, np.round(length * part * 1024) / 1024)
            leg = np.where(edge >= 0, leg, np.inf)
            return Links(CRS, edge, offset, leg, np.zeros((len(edge), 2)))

        return network, links(self.sources), links(self.homes)


seeds = st.integers(0, 2**32 - 1)


@given(seeds, st.randoms(use_true_random=False))
def test_renumbered_nodes_and_shuffled_streets_change_nothing(seed, random):
    draft = Draft(seed)
    node_order, street_order = list(range(draft.n)), list(range(draft.m))
    random.shuffle(node_order)
    random.shuffle(street_order)
    plain = measure_nearest(*draft.build())
    shuffled = measure_nearest(
        *draft.build(node_order=np.array(node_order), street_order=np.array(street_order))
    )
    assert np.array_equal(plain.walk_m, shuffled.walk_m)
    assert np.array_equal(plain.source, shuffled.source)


@given(seeds)
def test_a_street_more_never_lengthens_a_walk(seed):
    draft = Draft(seed)
    draft.homes[0][:] = draft.homes[0] % max(draft.m - 1, 1)
    draft.sources[0][:] = draft.sources[0] % max(draft.m - 1, 1)
    fewer = measure_nearest(*draft.build(streets=np.arange(draft.m - 1)))
    more = measure_nearest(*draft.build())
    assert (more.walk_m <= fewer.walk_m).all()


@given(seeds, st.randoms(use_true_random=False))
def test_shuffled_homes_and_sources_change_nothing(seed, random):
    draft = Draft(seed)
    network, sources, homes = draft.build()
    order = list(range(len(homes)))
    random.shuffle(order)
    plain = measure_nearest(network, sources, homes)
    shuffled = measure_nearest(network, sources, homes.take(np.array(order)))
    assert np.array_equal(plain.walk_m[order], shuffled.walk_m)
    backwards = np.arange(len(sources))[::-1]
    pairs = measure_within(network, sources, backwards, len(sources), homes, limit_m=400.0)
    again = measure_within(
        network,
        sources.take(backwards),
        np.arange(len(sources)),
        len(sources),
        homes,
        limit_m=400.0,
    )
    assert np.array_equal(pairs.start, again.start)
    assert np.array_equal(pairs.home, again.home)
    assert np.array_equal(pairs.walk_m, again.walk_m)
