"""What a Program means. Two engines implement exactly these rules and agree to the femtosecond.

Time is int64 femtoseconds from 0. No hold, advance, arrival or time of an event may pass
`program.MAX_TIME_FS` (2**62 fs, 77 minutes): past it a run ends with a `SimulationError` instead of wrapping
round. `B` iterations (inferences) run back to back; actor `a` fires ``k = 0 .. B * N - 1`` (N =
``actor_firings[a]``), iteration ``i = k // N``, ``j = k % N``; schedules are read at j.

An instant has three phases.

**Phase 1, what ends or arrives** (only raises counters, so order is immaterial):

- *first hold ends*: firing k of `a` has left the entrance of its chain: ``hold`` after its first visit began,
  but not before the first hold of firing k - 1 has ended. The actor, with E = ``actor_slots[a]`` *entrance
  slots*, may issue firing k + E. The inputs of firing k are let go now.
- *advance*: ``advance`` after visit p of the chain began (never before the advance of visit p of firing
  k - 1: firings do not overtake each other), visit p + 1 makes its request in phase 3 of the same instant.
  After the last visit instead, the firing *ends*: one token arrives in every output channel.
- *let go*: on every input channel with P tokens per iteration, the cumulative count let go becomes
  ``i * P + free(j)``; after the last firing of an iteration ``(i + 1) * P``. It may exceed what has arrived:
  tokens that nobody will need.
- *hold ends*: a server of a resource that keeps a queue comes free.
- *arrival*: inference i may start (``arrivals_fs[i]``, non-decreasing; all 0 by default). It binds the
  *sources*: actors without an input channel from another actor (a recurrence to itself does not count).

**Phase 2, issue.** Firing k of actor a is issued, after firing k - 1 or at the same instant, when the first
hold of firing k - E has ended (k >= E), firing k - W has ended (k >= W; W = ``actor_window[a]``, if not 0, is
the most that may be in flight), inference i has arrived (sources only), every input channel has
``produced >= i * P + need(j)`` (a need below 1 asks for what came before the iteration), and every output
channel has room: ``k + 1 - freed <= capacity`` (room is taken at issue). It makes the request of its first
visit. Every actor is tried at time 0.

**Stores.** A FIFO is one channel, or several of one producer that share their room (``channel_fifo``), each
reader letting go for itself. It holds ``max(0, issued - freed)`` tokens, `freed` being that of the reader
that let go of the fewest. A store holds the tokens of all its FIFOs times their bytes; its peak is the most
at the end of a phase 2. No condition looks at a store: the rooms of its FIFOs together fit into it, which is
checked when the Program is built.

**Phase 3, grants.** First the requests made at this instant join in the order (actor, firing, visit): those
of no or of booked resources learn at once when they *begin* (now or later), those of queued resources line
up. When all have joined, the queues are searched.

- No resources: begins at once.
- *Booked* resources (``resource_queued`` False, FCFS): begin = max(now, over its resources the earliest time
  that a server is free); that server is booked until begin + hold. Servers are alike: some are free now, the
  others when the bookings of them end, in the order (end, actor, firing, visit). With requests in this order
  it is first come, first served without overtaking, also for visits of several resources (which book a
  server of each from the same begin; a later visit may overtake only on another server).
- *Spread* visits begin by the same rule, but book each resource for its own ``[start, start + hold)``, with
  start = max(now, the time that its server is free); a resource with a hold of its own
  (``visit_resource_hold_fs``) for that.
- *In turn*: of a bank set, firing k of the visit (counted over all iterations) takes the servers ``(offset +
  k * step + m) mod n``, m = 0 .. width - 1, whatever else is free, each like a resource of a spread visit.
- Visits with *flows* (``program.flit``) book nothing: they begin at once, their messages are offered to the
  network of routers, in the order (actor, firing, visit), at its next clock edge, and they advance when the
  last flit of the last message has arrived everywhere. Before an instant T the network runs the cycles that
  begin before T, while a visit is in it. A cycle that completes visits is the next instant instead; if events
  of that instant have happened already, it is a further round of it, with all three phases, and what it sends
  sets out at the edge after. A visit that is complete before that of the firing before waits for it
  (PREVIOUS). What a visit takes beyond the advance in the Program, which is that of an empty network, counts
  as waiting. Nothing is fast-forwarded where there are flows.
- *Queued* resources: the visit waits in the queue of each of its resources. It can be granted when each has a
  free server and would serve it next: FCFS the oldest request (by time, then actor, firing, visit),
  ROUND_ROBIN the first stream (``actor_stream``) after the last one served, cyclically by number (at first:
  from stream 0), its oldest request, AGE the smallest (iteration, time, actor, firing, visit). While any
  request can be granted, the one with the smallest (actor, firing, visit) is: it begins now, and the search
  starts again. A server is taken until begin + hold.
- A *spread* visit of queued resources makes a request of each for itself. Of a visit that is next in some of
  them, all these are granted, in the order of its list, each taken from now for its own hold, and the visit
  begins with the last of all. It never holds one while it waits for another longer than that.

**Causes.** A visit begins at the instant of one event, its *cause*, and `parent` is the visit whose begin led
to that event:

- RESOURCE: it waited (begin > request). *Booked*: the parent is the visit whose booking ended at `begin`, on
  the first resource of its list where one did, of several there the smallest (actor, firing, visit).
  *Queued*: the first resource of its list of which a server came free at this instant: the parent is the
  visit that freed it, if several did the smallest (actor, firing, visit). If none came free, it stood behind
  a request that was granted at this instant: the parent is the visit granted last on the first resource of
  its list with a grant at this instant. Of a spread visit, only the resource that it was granted last counts.
  Where a spread visit occupied a resource before its own begin (booked), or was granted it before the last
  (queued), the parent of who waits there next is that part of it: a piece of the path of its own, begun when
  it took the resource, its cause that of its request if it took it then, else RESOURCE and whoever was
  before it.
- CHAIN: visit p - 1 of the same firing advanced. If that advance was put off (is later than begin + advance)
  to the one of firing k - 1, the cause is PREVIOUS and the parent visit p - 1 of firing k - 1.
- For a first visit that did not wait, the condition of its issue that became true at the instant of issue; if
  several did, the first of: TOKEN (lowest channel index; the parent is the last visit of the producer's
  firing that brought the needed token), ROOM (lowest channel index; the parent is the consumer's visit that
  let go: its first visit), PREVIOUS (parent: first visit of firing k - E; else, if it is the window, last
  visit of firing k - W), START (time 0, no parent), ARRIVAL (no parent). If none did, firing k - 1 was issued
  at this instant too: cause and parent are those of its issue.
  Where the end of a first hold was put off by an earlier firing, that one's first visit takes its place.

The critical path goes from the last end (the last visit of the last firing of the actor that ends last, the
lowest actor index among equals) back through the parents to a visit without one. Each piece lasts from its
begin to the begin of the next piece, the last until the makespan, the time before the first, if any, is a
piece of its own with actor, firing and visit -1 and the cause of the first (ARRIVAL, or RESOURCE where a
spread visit issued at 0 came between): the pieces add up to the makespan.

**Stalls.** From the instant when the actor could have gone on (the latest of: issue of firing k - 1, end of
the first hold of k - E, end of k - W, for a source the arrival of inference i) to the issue of firing k, the
actor was stalled, on the channel of the cause of the issue: input (TOKEN), or room (ROOM). From request to
begin it waited for a resource.

If nothing is left to happen and some firing has not been issued or has not ended, that is a deadlock:
`DeadlockError`, by `deadlock.explain`.
"""

from __future__ import annotations
