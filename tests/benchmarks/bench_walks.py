"""Nearest and within-reach: ours against networkx, pandana and plain scipy, on the streets of two cities.

2,000 facilities of 5 kinds, walks of at most 1200 m, median of 5; every tool answers the same questions and its
answers are compared with ours before its time is shown.

- nearest: metres from every place to the nearest facility, once per kind;
- within: which facilities each place can walk to, listed with their metres;
- count: how many each place can walk to (pandana's question; the others count what they listed).

"Places" are asked for at two grains. *street nodes*: every node OSM has on a street, so also those between
junctions. The others only know nodes, so they search the network as OSM draws it; ours is contracted to
junctions and places stand in the middle of its edges. *junctions*: the places are the junctions, and all
search the very same contracted network.

Preparing is shown apart: reading and contracting for ours, `Network` and `precompute` for pandana.
Kernels are compiled before the first measurement.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import networkx as nx
import numpy as np
import pandana
import pandas as pd
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from support.record import find_osm, judge, measure_median_s, measure_once_s, save, show, silence

from geo.count import count_reached
from geo.network import StreetNetwork
from geo.reach import ReachPairs, count_within, measure_nearest, measure_within
from geo.snap import Links
from geo.units import FloatArray, IntArray, quantize_m
from layers.osm import read_osm
from layers.streets import build_streets

LIMIT_M = 1200.0
N_KINDS = 5
N_FACILITIES = 2000
DENSE_CELLS = 30_000_000  # rows of scipy's dense matrix held at once, times places
EQUAL_M = 0.01
PANDANA_EQUAL_M = 0.5  # pandana counts in single precision
TARGETS = {
    ("nearest", "networkx"): 40.0,
    ("nearest", "pandana"): 45.0,
    ("within", "scipy"): 20.0,
    ("count", "pandana"): 10.0,
}


@dataclass(frozen=True, slots=True, eq=False)
class Town:
    """A network, the places asked about, the same places as nodes of a plain graph, and facilities.

    `arc_from`, `arc_to`, `arc_m`: the plain graph's arcs, parallel ones merged. `facility`: shape
    `(2000,)`, rows of places; `kind` tells each one's.
    """

    network: StreetNetwork
    places: Links
    arc_from: IntArray
    arc_to: IntArray
    arc_m: FloatArray
    facility: IntArray
    kind: IntArray

    @property
    def n(self) -> int:
        """Number of places."""
        return len(self.places)

    def list_kinds(self) -> list[IntArray]:
        """Places of the facilities of each kind."""
        return [self.facility[self.kind == kind] for kind in range(N_KINDS)]


def build_town(network: StreetNetwork, *, junctions_only: bool) -> Town:
    """Take a network apart into a plain graph over the same places."""
    counts = np.diff(network.edge_vertex)
    owner = np.repeat(np.arange(network.n_edges), counts)
    at = np.arange(len(owner)) - network.edge_vertex[owner]
    is_first, is_last = at == 0, at == counts[owner] - 1
    inner = ~is_first & ~is_last
    node = np.empty(len(owner), dtype=np.int64)
    node[is_first], node[is_last] = network.edge_nodes[:, 0], network.edge_nodes[:, 1]
    node[inner] = network.n_nodes + np.arange(inner.sum())
    step = np.zeros(len(owner))
    step[1:] = quantize_m(np.hypot(*np.diff(network.vertex_xy, axis=0).T))
    step[is_first] = 0.0
    along = np.cumsum(step)
    along -= np.repeat(along[network.edge_vertex[:-1]], counts)
    n = network.n_nodes if junctions_only else network.n_nodes + int(inner.sum())
    edge, offset, xy = np.full(n, -1, dtype=np.int32), np.zeros(n), np.zeros((n, 2))
    wanted = np.flatnonzero(node < n)[::-1]
    edge[node[wanted]], offset[node[wanted]] = owner[wanted], along[wanted]
    xy[node[wanted]] = network.vertex_xy[wanted]
    places = Links(network.crs, edge, offset, np.zeros(n), xy)
    if junctions_only:
        a, b, metres = network.edge_nodes[:, 0], network.edge_nodes[:, 1], network.edge_length_m
        piece = np.arange(network.n_edges)
    else:
        later = np.flatnonzero(~is_first)
        a, b, metres, piece = node[later - 1], node[later], step[later], owner[later]
    ahead, back = network.edge_forward[piece], network.edge_backward[piece]
    arcs = pd.DataFrame(
        {
            "a": np.concatenate([a[ahead], b[back]]).astype(np.int64),
            "b": np.concatenate([b[ahead], a[back]]).astype(np.int64),
            # a length of exactly 0 is no entry in a sparse matrix
            "m": np.maximum(np.concatenate([metres[ahead], metres[back]]), 1e-9),
        }
    )
    arcs = arcs[arcs["a"] != arcs["b"]].groupby(["a", "b"], as_index=False)["m"].min()
    # pandana finds a facility's node by its coordinates: only places that share them with no other
    _, inverse, shared = np.unique(xy, axis=0, return_inverse=True, return_counts=True)
    alone = shared[inverse.reshape(-1)] == 1
    rng = np.random.default_rng(15)
    good = np.flatnonzero(alone & network.edge_kept[edge])
    return Town(
        network=network,
        places=places,
        arc_from=arcs["a"].to_numpy(),
        arc_to=arcs["b"].to_numpy(),
        arc_m=arcs["m"].to_numpy(),
        facility=np.sort(rng.choice(good, N_FACILITIES, replace=False)),
        kind=rng.permutation(np.arange(N_FACILITIES) % N_KINDS),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Peer:
    """One tool's times, and how its answers differ from ours.

    A tool that lists or counts only is timed by that one answer for both questions.
    """

    build_s: float
    nearest_s: float
    within_s: float
    count_s: float
    nearest_apart_m: float = 0.0
    within_apart: int = 0


def _measure(
    nearest: Callable[[], Any], within: Callable[[], Any]
) -> tuple[float, Any, float, Any]:
    nearest(), within()  # compiles, and warms what can be warmed
    return (*measure_median_s(nearest), *measure_median_s(within))


def run_ours(town: Town, build_s: float) -> tuple[Peer, FloatArray, ReachPairs]:
    """Our own kernels: many-source searches, and bounded searches from the facilities."""
    kinds = [town.places.take(rows) for rows in town.list_kinds()]
    sources = town.places.take(town.facility)
    target = np.arange(N_FACILITIES)

    def nearest() -> FloatArray:
        walks = [measure_nearest(town.network, one, town.places, limit_m=LIMIT_M) for one in kinds]
        return np.array([walk.walk_m for walk in walks])

    def within() -> ReachPairs:
        return measure_within(
            town.network, sources, target, N_FACILITIES, town.places, limit_m=LIMIT_M
        )

    def count() -> IntArray:
        return count_reached(
            town.network, sources, target, N_FACILITIES, town.places, limit_m=LIMIT_M
        )

    skeleton_s, _ = measure_once_s(lambda: town.network.skeleton)
    nearest_s, walk_m, within_s, pairs = _measure(nearest, within)
    counts = count()
    count_s, _ = measure_median_s(count)
    wrong = int((counts != count_within(pairs)).sum())
    peer = Peer(build_s + skeleton_s, nearest_s, within_s, count_s, within_apart=wrong)
    return peer, walk_m, pairs


def run_scipy(town: Town, walk_m: FloatArray, pairs: ReachPairs) -> Peer:
    """scipy.sparse.csgraph: one pass with `min_only`; dense rows with a limit, in blocks."""
    build_s, graph = measure_once_s(
        lambda: csr_array((town.arc_m, (town.arc_to, town.arc_from)), shape=(town.n, town.n))
    )
    kinds = town.list_kinds()
    block = max(1, DENSE_CELLS // town.n)

    def nearest() -> FloatArray:
        rows = [dijkstra(graph, indices=rows, min_only=True, limit=LIMIT_M) for rows in kinds]
        return np.array(rows)

    def within() -> int:
        found = 0
        for begin in range(0, N_FACILITIES, block):
            rows = dijkstra(graph, indices=town.facility[begin : begin + block], limit=LIMIT_M)
            target, place = np.nonzero(np.isfinite(rows))
            found += len(rows[target, place])
        return found

    nearest_s, answer, within_s, found = _measure(nearest, within)
    differ = found - len(pairs.home)
    return Peer(build_s, nearest_s, within_s, within_s, _apart(answer, walk_m), differ)


def run_networkx(town: Town, walk_m: FloatArray, pairs: ReachPairs) -> Peer:
    """networkx: multi-source Dijkstra; one bounded search per facility."""

    def build() -> Any:
        graph = nx.DiGraph()
        graph.add_nodes_from(range(town.n))
        graph.add_weighted_edges_from(
            zip(town.arc_to.tolist(), town.arc_from.tolist(), town.arc_m.tolist(), strict=True)
        )
        return graph

    build_s, graph = measure_once_s(build)
    kinds = [set(rows.tolist()) for rows in town.list_kinds()]

    def nearest() -> list[dict[int, float]]:
        return [nx.multi_source_dijkstra_path_length(graph, one, cutoff=LIMIT_M) for one in kinds]

    def within() -> int:
        return sum(
            len(nx.single_source_dijkstra_path_length(graph, one, cutoff=LIMIT_M))
            for one in town.facility.tolist()
        )

    nearest_s, found, within_s, n_pairs = _measure(nearest, within)
    answer = np.full(walk_m.shape, np.inf)
    for row, one in zip(answer, found, strict=True):
        row[list(one)] = list(one.values())
    differ = n_pairs - len(pairs.home)
    return Peer(build_s, nearest_s, within_s, within_s, _apart(answer, walk_m), differ)


def run_pandana(town: Town, walk_m: FloatArray, pairs: ReachPairs) -> Peer:
    """pandana: contraction hierarchy and precomputed ranges; `nearest_pois`, `aggregate(count)`."""
    xy = town.places.snap_xy

    def build() -> Any:
        network = pandana.Network(
            pd.Series(xy[:, 0]),
            pd.Series(xy[:, 1]),
            pd.Series(town.arc_from),
            pd.Series(town.arc_to),
            pd.DataFrame({"m": town.arc_m}),
            twoway=False,
        )
        network.precompute(LIMIT_M)
        return network

    with silence():
        build_s, network = measure_once_s(build)
        for kind, rows in enumerate(town.list_kinds()):
            network.set_pois(str(kind), LIMIT_M, 1, pd.Series(xy[rows, 0]), pd.Series(xy[rows, 1]))
        network.set(pd.Series(town.facility), name="facilities")

        def nearest() -> FloatArray:
            tables = [network.nearest_pois(LIMIT_M, str(kind)) for kind in range(N_KINDS)]
            return np.array([table[1].to_numpy() for table in tables])

        def within() -> FloatArray:
            counts = network.aggregate(LIMIT_M, type="count", decay="flat", name="facilities")
            return np.asarray(counts.to_numpy())

        nearest_s, answer, within_s, counts = _measure(nearest, within)
    ours = np.where(np.isfinite(walk_m), walk_m, LIMIT_M)  # its way of saying unreached
    wrong = int((np.abs(counts - count_within(pairs)) > 1).sum())
    return Peer(build_s, nearest_s, within_s, within_s, _apart(answer, ours), wrong)


def _apart(answer: FloatArray, ours: FloatArray) -> float:
    """Largest difference in metres; infinite where only one of them reaches a place."""
    with np.errstate(invalid="ignore"):
        apart = np.where(answer == ours, 0.0, np.abs(answer - ours))
    return float(np.nan_to_num(apart, nan=np.inf).max())


def _row(name: str, peer: Peer, ratio: dict[str, float], said: str) -> list[object]:
    return [
        name,
        f"{peer.build_s:.2f}",
        f"{peer.nearest_s * 1e3:.1f}",
        f"{ratio['nearest']:.1f}",
        f"{peer.within_s * 1e3:.1f}",
        f"{ratio['within']:.1f}",
        f"{peer.count_s * 1e3:.1f}",
        f"{ratio['count']:.1f}",
        said,
    ]


def compare(city: str, network: StreetNetwork, build_s: float, *, junctions_only: bool) -> Any:
    """Ask all tools about one city at one grain."""
    town = build_town(network, junctions_only=junctions_only)
    ours, walk_m, pairs = run_ours(town, build_s)
    peers = {
        "scipy": run_scipy(town, walk_m, pairs),
        "networkx": run_networkx(town, walk_m, pairs),
        "pandana": run_pandana(town, walk_m, pairs),
    }
    for name, peer in {"ours": ours, **peers}.items():
        allowed = PANDANA_EQUAL_M if name == "pandana" else EQUAL_M
        if peer.nearest_apart_m > allowed or peer.within_apart > 1e-4 * len(pairs.home):
            raise SystemExit(
                f"{city}: {name} gives another answer: {peer.nearest_apart_m:.3f} m apart, "
                f"{peer.within_apart} pairs or places differ"
            )
    rows = [_row("ours", ours, {"nearest": 1.0, "within": 1.0, "count": 1.0}, "")]
    verdicts = {}
    for name, peer in peers.items():
        ratio = {
            "nearest": peer.nearest_s / ours.nearest_s,
            "within": peer.within_s / ours.within_s,
            "count": peer.count_s / ours.count_s,
        }
        said = []
        for question, value in ratio.items():
            target = TARGETS.get((question, name))
            if target is not None:
                verdicts[f"{question} vs {name}"] = {"ratio": round(value, 1), "target": target}
                said.append(f"{question} {judge(value, target)}")
        rows.append(_row(name, peer, ratio, ", ".join(said)))
    grain = "junctions" if junctions_only else "street nodes"
    show(
        f"{city}, {grain}: {town.n:,} places; {network.n_nodes:,} junctions, {len(town.arc_m):,} arcs "
        f"for the others; {len(pairs.home):,} pairs within {LIMIT_M:g} m",
        ["tool", "prepare s", "nearest ms", "x", "within ms", "x", "count ms", "x", "targets"],
        rows,
    )
    return {
        "places": town.n,
        "junctions": network.n_nodes,
        "arcs": len(town.arc_m),
        "pairs": len(pairs.home),
        "seconds": {
            name: {
                "prepare": round(peer.build_s, 4),
                "nearest": round(peer.nearest_s, 5),
                "within": round(peer.within_s, 5),
                "count": round(peer.count_s, 5),
            }
            for name, peer in {"ours": ours, **peers}.items()
        },
        "ratios": verdicts,
    }


def main() -> None:
    """Las Palmas and Porto, both grains, one after the other."""
    figures: dict[str, Any] = {}
    for city in ("Las Palmas", "Porto"):
        extract = read_osm(find_osm(city))
        build_s, (streets, _) = measure_once_s(lambda extract=extract: build_streets(extract))
        figures[city] = {
            "street nodes": compare(city, streets.network, build_s, junctions_only=False),
            "junctions": compare(city, streets.network, build_s, junctions_only=True),
        }
    save(
        "walks",
        {"limit_m": LIMIT_M, "facilities": N_FACILITIES, "kinds": N_KINDS, "cities": figures},
    )


if __name__ == "__main__":
    main()
