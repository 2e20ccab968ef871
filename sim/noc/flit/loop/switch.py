"""Switch allocation: iSLIP between inputs and outputs of a router (McKeown 1999), then the way through.

As in BookSim2, an input makes one request per output, for the first ready VC in turn; grant and accept
pointers move only on success in the first round.
"""

from __future__ import annotations

from ....kernels.record_code import kernel
from .access import in_links, links, live, packets, queue, requests, routers, vcs, won
from .bits import bit_of, first_from, wrap
from .moves import free_slot, give_back, launch, make_ready, spend, start_routing
from .state import FORKED, IDLE, Head


@kernel
def switch_requests(s: Head, t: int, router: int) -> int:
    """Number of requests (input, output, VC) of a router: per input and output the first ready VC in turn.

    A buffer is read once a cycle, but several outputs can take that flit: a VC whose packet is copied asks
    for those of the branches that are farthest behind, so that branches that were held up come into step
    again. -1 if no VC is ready.
    """
    n, idle = 0, True
    begin_in = routers(s, router).in_start
    for port in range(begin_in, begin_in + routers(s, router).n_in):
        link = in_links(s, port).index
        ready, begin = links(s, link).ready, n
        idle &= ready == 0
        while ready != 0:
            vc = first_from(ready, links(s, link).sw_first)
            ready &= ~bit_of(vc)
            ivc = (link << s.shift) + vc
            if vcs(s, ivc).mode != FORKED:
                n = ask(s, t, begin, n, link, vc, ivc)
                continue
            least = farthest_behind(s, ivc)
            if least < 0:
                links(s, link).ready &= ~bit_of(vc)
                continue
            branch = packets(s, vcs(s, ivc).out).branches
            while branch >= 0:
                if packets(s, branch).sent == least and can_go_on(s, ivc, branch):
                    n = ask(s, t, begin, n, link, vc, s.n_buffers + branch)
                branch = packets(s, branch).next
    return -1 if idle else n


@kernel
def ask(s: Head, t: int, begin: int, n: int, link: int, vc: int, who: int) -> int:
    """Request n, unless the input has one for that output; returns how many there are then."""
    if s.sw_delay > 1 and (t - vcs(s, who).asked) % s.sw_delay != 0:
        return n
    out = vcs(s, who).out >> s.shift
    for k in range(begin, n):
        if requests(s, k).out == out:
            return n
    requests(s, n).src = link
    requests(s, n).out = out
    requests(s, n).vc = vc
    requests(s, n).who = who
    return n + 1


@kernel
def farthest_behind(s: Head, ivc: int) -> int:
    """Flits sent by the branch, of those that can go on, that has sent fewest; -1 if none can."""
    least = -1
    branch = packets(s, vcs(s, ivc).out).branches
    while branch >= 0:
        if (least < 0 or packets(s, branch).sent < least) and can_go_on(s, ivc, branch):
            least = packets(s, branch).sent
        branch = packets(s, branch).next
    return least


@kernel
def can_go_on(s: Head, ivc: int, branch: int) -> bool:
    """Whether a branch has an output VC with a credit, and a flit that it has not sent."""
    asking = vcs(s, s.n_buffers + branch)
    if asking.out < 0 or asking.in_switch == 1 or vcs(s, asking.out).credits == 0:
        return False
    return bool(packets(s, branch).sent - packets(s, vcs(s, ivc).out).popped < vcs(s, ivc).length)


@kernel
def win_switch(s: Head, t: int, router: int, k: int, first_iteration: bool) -> None:
    """Input and output of request k are matched."""
    link, out, vc, who = requests(s, k).src, requests(s, k).out, requests(s, k).vc, requests(s, k).who
    if first_iteration:
        links(s, out).sw_grant = wrap(links(s, link).in_port + 1, routers(s, router).n_in)
        links(s, link).sw_accept = wrap(links(s, out).out_port + 1, routers(s, router).n_out)
    links(s, link).sw_first = wrap(vc + 1, s.n_vcs)
    if who < s.n_buffers:
        links(s, link).ready &= ~bit_of(vc)
    vcs(s, who).in_switch = 1
    at = s.won_tail & s.ring_mask
    won(s, at).vc = who
    won(s, at).at = t + s.sw_delay - 1
    s.won_tail += 1


@kernel
def match_switch(s: Head, t: int, router: int, n: int) -> None:
    """iSLIP: outputs grant, inputs accept, and the pointers of those matched in the first round move on."""
    n_in, n_out = routers(s, router).n_in, routers(s, router).n_out
    for k in range(n):
        links(s, requests(s, k).src).taken = 0
        links(s, requests(s, k).out).taken = 0
    matched, iteration = True, 0
    while matched and iteration < s.iterations:
        for k in range(n):
            links(s, requests(s, k).src).key = n_out
            links(s, requests(s, k).out).key = n_in
        for k in range(n):
            link, out = requests(s, k).src, requests(s, k).out
            key = wrap(links(s, link).in_port - links(s, out).sw_grant + n_in, n_in)
            if links(s, link).taken == 0 and links(s, out).taken == 0 and key < links(s, out).key:
                links(s, out).key = key
                links(s, out).best = k
        for k in range(n):
            link, out = requests(s, k).src, requests(s, k).out
            key = wrap(links(s, out).out_port - links(s, link).sw_accept + n_out, n_out)
            if links(s, out).key < n_in and links(s, out).best == k and key < links(s, link).key:
                links(s, link).key = key
                links(s, link).best = k
        matched = False
        for k in range(n):
            link, out = requests(s, k).src, requests(s, k).out
            if links(s, link).key == n_out:
                continue
            best = links(s, link).best
            granted = links(s, out).key < n_in and links(s, out).best == k
            if best == k or (granted and requests(s, k).vc == requests(s, best).vc):
                links(s, link).taken = 1
                links(s, out).taken = 1
                matched = True
                win_switch(s, t, router, k, iteration == 0)
        iteration += 1


@kernel
def allocate_switch(s: Head, t: int) -> None:
    i = 0
    while i < s.n_live:
        router = live(s, i).index
        n = switch_requests(s, t, router)
        if n < 0:
            routers(s, router).is_live = 0
            s.n_live -= 1
            live(s, i).index = live(s, s.n_live).index
            continue
        i += 1
        if n == 1:
            win_switch(s, t, router, 0, True)
        elif n > 1:
            match_switch(s, t, router, n)


@kernel
def send_copy(s: Head, t: int, asking: int) -> None:
    """A branch sends the next flit of the buffer that it shares; what all branches have sent leaves it."""
    branch = asking - s.n_buffers
    packet = packets(s, branch)
    ivc, ovc = packet.of, vcs(s, asking).out
    shared = vcs(s, ivc).out
    head, tail = packet.sent == 0, packet.sent + 1 == packet.size
    packet.sent += 1
    vcs(s, asking).in_switch = 0
    vcs(s, asking).asked = t + 1
    spend(s, ovc, tail)
    launch(s, t, ovc, branch * 4 + tail * 2 + head)
    s.in_flight += 1
    if tail:
        leave_fork(s, shared, branch)
    least, other = packet.size, packets(s, shared).branches
    while other >= 0:
        least = min(least, packets(s, other).sent)
        other = packets(s, other).next
    if least > packets(s, shared).popped:
        packets(s, shared).popped += 1
        vcs(s, ivc).first = wrap(vcs(s, ivc).first + 1, s.depth)
        vcs(s, ivc).length -= 1
        s.in_flight -= 1
        give_back(s, t, ivc)
    if packets(s, shared).branches < 0:
        free_slot(s, shared)
        vcs(s, ivc).mode = IDLE
        links(s, ivc >> s.shift).ready &= ~bit_of(ivc & s.low)
        if vcs(s, ivc).length > 0:
            start_routing(s, ivc, t + 1 + s.routing_delay)
    else:
        make_ready(s, ivc)


@kernel
def leave_fork(s: Head, shared: int, branch: int) -> None:
    """A branch has sent its last flit."""
    if packets(s, shared).branches == branch:
        packets(s, shared).branches = packets(s, branch).next
        return
    before = packets(s, shared).branches
    while packets(s, before).next != branch:
        before = packets(s, before).next
    packets(s, before).next = packets(s, branch).next


@kernel
def traverse(s: Head, t: int) -> None:
    """Winners of the switch leave their buffer."""
    i = s.won_head
    while i < s.won_tail and won(s, i & s.ring_mask).at <= t:
        ivc = won(s, i & s.ring_mask).vc
        i += 1
        if ivc >= s.n_buffers:
            send_copy(s, t, ivc)
            continue
        ovc, first = vcs(s, ivc).out, vcs(s, ivc).first
        flit = queue(s, ivc * s.depth + first).index
        tail = flit & 2 == 2
        left = vcs(s, ivc).length - 1
        vcs(s, ivc).in_switch = 0
        vcs(s, ivc).asked = t + 1
        vcs(s, ivc).first = wrap(first + 1, s.depth)
        vcs(s, ivc).length = left
        spend(s, ovc, tail)
        launch(s, t, ovc, flit)
        give_back(s, t, ivc)
        if tail:
            vcs(s, ivc).mode = IDLE
            if left > 0:
                start_routing(s, ivc, t + 1 + s.routing_delay)
        elif left > 0 and vcs(s, ovc).credits > 0:
            make_ready(s, ivc)
    s.won_head = i
