"""What every topology must do, whoever wrote it: routes that hold together, and never wait for each other.

A package that registers topologies under the entry point group ``ohmsum.topologies`` gets these checks with
``pytest --ohmsum-conformance``; for shapes that need more than a number of endpoints it derives a test class:

    from ohmsum.tools.conformance.topology import TopologyConformance

    class TestTwisted(TopologyConformance):
        topology = "twisted_torus"
        shapes = ({"grid": (4, 4)}, {"grid": (3, 5)})
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from importlib.metadata import entry_points
from itertools import pairwise, product
from typing import Any, ClassVar

from ...sim.errors import SimulationError
from ...sim.noc.deadlock import check_deadlock_free
from ...sim.noc.fabric import names
from ...sim.noc.topology import HOST, Topology, build

GROUP = "ohmsum.topologies"
SHAPES: tuple[Mapping[str, Any], ...] = (
    {"n_endpoints": 1},
    {"n_endpoints": 2},
    {"n_endpoints": 7},
    {"n_endpoints": 16},
)
"""Sizes that a topology without further parameters is tried in."""
N_FLOWS = 4
"""Flows per pair that are tried beyond the variants that a topology says it has."""


def registered() -> tuple[str, ...]:
    """Names of the topologies that other packages register."""
    return tuple(sorted(point.name for point in entry_points(group=GROUP)))


def check_registered(topology: str) -> None:
    """Its entry point registers the name that it carries."""
    assert topology in names(), (
        f"no topology is called {topology!r} once the entry points of {GROUP} are loaded; "
        "the name of an entry point and that given to @register must be the same"
    )


def check_routes(net: Topology) -> None:
    """Every pair of endpoints, the host included, is joined by links that lead from one to the other."""
    ends = [HOST, *net.endpoints()]
    for src, dst in product(ends, ends):
        for flow in range(net.n_variants):
            route = net.route(src, dst, flow)
            assert route, f"no links from {net.node_name(src)} to {net.node_name(dst)}"
            hops = [net.ends(link) for link in route]
            where = (
                f"route from {net.node_name(src)} to {net.node_name(dst)}, flow {flow}: {_names(net, route)}"
            )
            assert hops[0][0] == src, f"{where} does not begin at its source"
            assert hops[-1][1] == dst, f"{where} does not end at its destination"
            assert all(a[1] == b[0] for a, b in pairwise(hops)), f"{where} is not connected"
            passed = [node for _, node in hops[:-1]]
            assert len(set(passed)) == len(passed), f"{where} passes a node twice"
            assert all(node >= net.n_endpoints for node in passed), f"{where} passes through an endpoint"


def check_variants(net: Topology) -> None:
    """Routes depend on nothing but the pair and the variant of the flow, and classes are those announced."""
    for src, dst in product(net.endpoints(), net.endpoints()):
        for flow in range(N_FLOWS):
            route, channels = net.route(src, dst, flow), net.channels(src, dst, flow)
            classes = [c for _, c in channels]
            pair = f"{net.node_name(src)} to {net.node_name(dst)}, flow {flow}"
            again = net.route(src, dst, flow + net.n_variants)
            assert route == again, (
                f"{pair}: another route for flow {flow + net.n_variants}, with {net.n_variants} variants"
            )
            assert tuple(link for link, _ in channels) == route, f"{pair}: channels and route differ"
            highest = max(classes)
            assert min(classes) >= 0, f"{pair}: a class below 0"
            assert highest < net.n_classes, f"{pair}: class {highest}, n_classes says {net.n_classes}"


def check_links(net: Topology) -> None:
    """Links are numbered without gaps, have names of their own, and join nodes that exist."""
    links = list(net.links())
    assert [link.index for link in links] == list(range(net.n_links)), "links are not numbered 0, 1, 2, ..."
    nodes = {HOST, *range(net.n_endpoints + net.n_routers)}
    for link in links:
        assert {link.src, link.dst} <= nodes, f"{link.name} joins a node that does not exist"
        assert link.length >= 0, f"{link.name} has the length {link.length}"
    assert len({link.name for link in links}) == len(links), "two links have the same name"


def check_deadlock(net: Topology) -> None:
    """No cycle of links in which each waits for the next (Dally and Seitz 1987)."""
    try:
        check_deadlock_free(net)
    except SimulationError as error:
        raise AssertionError(str(error)) from None


def check_trees(net: Topology) -> None:
    """A multicast reaches every destination over links that join up, each used once."""
    everyone = tuple(net.endpoints())
    for src in everyone if len(everyone) > 1 else ():
        others = [dst for dst in everyone if dst != src]
        reached, used = {src}, 0
        for level in net.multicast(src, others):
            hops = [net.ends(link) for link in level]
            assert all(a in reached for a, _ in hops), f"multicast from {net.node_name(src)} is not connected"
            reached |= {b for _, b in hops}
            used += len(level)
        missing = sorted(set(others) - reached)
        assert not missing, (
            f"multicast from {net.node_name(src)} misses {[net.node_name(n) for n in missing]}"
        )
        assert used == len({link for level in net.multicast(src, others) for link in level}), (
            "a link used twice"
        )


def check_refusals(topology: str) -> None:
    """Nonsense is refused with the package's error."""
    bad: tuple[dict[str, Any], ...] = ({"n_endpoints": -1}, {"n_endpoints": 4, "routing": "no such routing"})
    for nonsense in bad:
        try:
            build(topology, **nonsense)
        except SimulationError:
            continue
        raise AssertionError(f"{topology!r} accepts {nonsense}; expected a SimulationError")


NET_CHECKS: tuple[Callable[[Topology], None], ...] = (
    check_links,
    check_routes,
    check_variants,
    check_deadlock,
    check_trees,
)
"""What holds for every shape of a topology."""
NAME_CHECKS: tuple[Callable[[str], None], ...] = (check_registered, check_refusals)
"""What holds for a topology as a whole."""


def checks(
    topology: str, shapes: tuple[Mapping[str, Any], ...] = SHAPES
) -> Iterator[tuple[str, Callable[[], None]]]:
    """Every check as (name, function without arguments)."""
    for check in NAME_CHECKS:
        yield f"{topology}-{_short(check)}", partial(check, topology)
    for shape in shapes:
        text = ",".join(f"{key}={value}" for key, value in shape.items())
        for net_check in NET_CHECKS:
            yield f"{topology}-{_short(net_check)}[{text}]", partial(_on_shape, net_check, topology, shape)


def _on_shape(check: Callable[[Topology], None], topology: str, shape: Mapping[str, Any]) -> None:
    """Make one check on one shape; building it is part of the check."""
    check(build(topology, **shape))


def _short(check: Callable[..., None]) -> str:
    return check.__name__.removeprefix("check_")


def _names(net: Topology, route: tuple[int, ...]) -> str:
    return " ".join(net.link(link).name for link in route)


class TopologyConformance:
    """Derive a test class from this, with the topology and the shapes to try.

    Attributes
    ----------
    topology : str
    shapes : tuple of dict
        Arguments of `ohmsum.sim.noc.build`.
    """

    topology: ClassVar[str]
    shapes: ClassVar[tuple[Mapping[str, Any], ...]] = SHAPES

    def _each(self, check: Callable[[Topology], None]) -> None:
        for shape in self.shapes:
            check(build(self.topology, **shape))

    def test_links(self) -> None:
        """See `check_links`."""
        self._each(check_links)

    def test_routes(self) -> None:
        """See `check_routes`."""
        self._each(check_routes)

    def test_variants(self) -> None:
        """See `check_variants`."""
        self._each(check_variants)

    def test_deadlock(self) -> None:
        """See `check_deadlock`."""
        self._each(check_deadlock)

    def test_trees(self) -> None:
        """See `check_trees`."""
        self._each(check_trees)

    def test_refusals(self) -> None:
        """See `check_refusals`."""
        check_refusals(self.topology)
