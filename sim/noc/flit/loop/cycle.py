"""The cycle loop of an input-queued virtual-channel router network.

What is reproduced is the input-queued router of BookSim2 (Jiang et al., ISPASS 2013; Dally and Towles 2004,
chapters 16 and 19), read in its source and written anew as an event-driven loop: only what can move is
touched. One cycle t, all routers in step, since whatever passes between them takes at least a cycle:

1. flits arrive in input VCs; credits arrive; sources send at most one flit each; 2. switch allocation of
input VCs that hold an output VC, a flit and a credit; 3. VC allocation of head flits whose routing is done;
4. VCs granted are taken, then switch winners leave: flit to the crossbar, credit to the upstream router, and
the tail frees its output VC.
   What this makes possible begins at t + 1.
"""

from __future__ import annotations

from ....kernels.record_code import kernel
from .access import n_flying, offers
from .arrivals import arrive, receive_credits
from .channels import allocate_vcs, finish_routing, take_vcs
from .sources import create, send_from_sources
from .state import BROKEN, DEADLOCK, MORE_SLOTS, OK, Head
from .switch import allocate_switch, traverse


@kernel
def lacks_slots(s: Head, t: int) -> bool:
    """Whether this cycle might need more slots than are free: sources that cut packets, routers that copy
    them."""
    heads = s.routed_tail - s.routed_head + n_flying(s, t & s.wheel_mask).index
    return bool(s.n_free_slots < s.sources_size + heads * s.fanout)


@kernel
def advance(s: Head, until: int) -> int:
    """Run from the network's clock to cycle `until` (not included); a network with nothing to do skips ahead.

    With `stop_at_delivery` it ends after the first cycle in which a message was complete.

    Returns OK, DEADLOCK, BROKEN or MORE_SLOTS; the clock stands at `until`, or at the cycle where it went
    wrong.
    """
    t = s.clock
    patience = s.vc_delay * s.sw_delay + s.routing_delay + 2 * s.wheel_mask
    while t < until:
        if s.queued == 0 and s.in_flight == 0 and s.events == 0:
            k = s.n_taken
            t = max(t, min(until, offers(s, k).time if k < s.n_offered else until))
            s.last_move = t
            if t == until:
                break
        s.clock = t
        if lacks_slots(s, t):
            return MORE_SLOTS
        if not arrive(s, t):
            return BROKEN
        receive_credits(s, t)
        create(s, t)
        send_from_sources(s, t)
        allocate_switch(s, t)
        finish_routing(s, t)
        allocate_vcs(s, t)
        take_vcs(s, t)
        traverse(s, t)
        if s.in_flight > 0 and s.events == 0 and t - s.last_move > patience:
            return DEADLOCK
        t += 1
        if s.stop_at_delivery and s.n_delivered > 0:
            break
    s.clock = t
    return OK
