"""Routers beside the event loop of the compiled engine: what visits send, as records."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..flit_detail import FlitDetail
from ..kernels.records import Records
from ..machine_code import ArrayOf, MachineCode
from ..noc.flit import FlitNetwork
from ..noc.flit.loop import state as routers
from .compiled_loop import NETWORK_SOURCES
from .compiled_loop import state as st
from .compiled_loop.state import State

FROM_ROUTERS = {
    st.MORE_SLOTS: routers.MORE_SLOTS,
    st.ROUTERS_STUCK: routers.DEADLOCK,
    st.ROUTERS_BROKEN: routers.BROKEN,
}
"""Why the routers stopped, by why the loop came back."""


def answer(network: FlitNetwork, status: int) -> None:
    """Do what the routers came back for."""
    if status == st.MORE_MESSAGES:
        network.make_room(2 * network.n_messages)
    else:
        network.answer(FROM_ROUTERS[status])


def _beside_routers() -> Any:
    from ..kernels.record_code import kernel
    from .compiled_loop.routers import go_on_beside_routers

    @kernel
    def run(head: Records, network: Records) -> int:
        s = head[0]
        net = network[0]
        stop = s.n_events + s.max_events
        status = st.PAUSED
        while status == st.PAUSED and s.n_events < stop:
            status = go_on_beside_routers(s, net)
        return status

    return run


loop = MachineCode(
    "event-loop-with-routers",
    [ArrayOf(st.HEAD), ArrayOf(routers.HEAD)],
    _beside_routers,
    NETWORK_SOURCES,
    returns=True,
)
"""The event loop; it also takes the head of the network."""


def beside_routers(detail: FlitDetail, state: State) -> tuple[FlitNetwork, State]:
    """An empty network, and the state with what its visits send into it."""
    network = FlitNetwork(detail.topology, detail.router)
    sends = np.zeros(len(detail.flows), st.SEND)
    parts = []
    n_flows = 0
    for i, (v, sent) in enumerate(sorted(detail.flows.items())):
        sending = network.sending((flow.src, flow.dsts, flow.n_flits) for flow in sent)
        flows = np.zeros(len(sending.src), st.FLOW)
        flows["src"], flows["route"], flows["n_flits"] = sending.src, sending.route, sending.n_flits
        flows["packet"] = np.minimum(detail.packet_flits, sending.n_flits)
        flows["copies"] = sending.copies
        sends["first"][i], sends["end"][i] = n_flows, n_flows + len(flows)
        n_flows += len(flows)
        parts.append(flows)
        state.visits["server"][v] = i
    state.head["cycle_fs"] = detail.cycle_fs
    network.make_room(n_flows)
    return network, state.replaced(sends=sends, flows=np.concatenate([*parts, np.zeros(0, st.FLOW)]))
