"""What a Program means. Two engines implement exactly these rules and agree to the femtosecond.

Time is int64 femtoseconds from 0. `B` iterations (inferences) run back to back; actor `a` fires
``k = 0 .. B * N - 1`` (N = ``actor_firings[a]``), iteration ``i = k // N``, ``j = k % N``; schedules are read at j.

An instant has three phases.

**Phase 1, what ends or arrives** (only raises counters, so order is immaterial):

- *first hold ends*: firing k of `a` has left the entrance of its chain: ``hold`` after its first visit began.
  The actor may issue firing k + 1. If the actor does not release at the end, its inputs are let go now.
- *advance*: ``advance`` after visit p of the chain began (never before the advance of visit p of firing
  k - 1: firings do not overtake each other), visit p + 1 makes its request in phase 3 of the same instant. After
  the last visit instead, the firing *ends*: one token arrives in every output channel; if the actor
  releases at the end, its inputs are let go.
- *let go*: on every input channel with P tokens per iteration, the cumulative count let go becomes
  ``i * P + free(j)``; after the last firing of an iteration ``(i + 1) * P``. It may exceed what has arrived: tokens
  that nobody will need.
- *hold ends*: a resource that keeps a queue comes free (unless `keep`, see below).
- *arrival*: inference i may start (``arrivals_fs[i]``, non-decreasing; all 0 by default). It binds actors without input channels.

**Phase 2, issue.** Firing k of actor a is issued when firing k - 1's first hold has ended (k > 0), inference i has arrived
(actors without inputs), every input channel has ``produced >= i * P + need(j)``, and every output channel has room:
``k + 1 - freed <= capacity`` (room is taken at issue). It makes the request of its first visit. An actor issues at most one
firing per instant. Every actor is tried at time 0.

**Phase 3, grants.** Requests made at this instant join in the order (actor, firing, visit). A granted visit *begins* now.

- No resources: begins at once.
- *Booked* resources (``resource_queued`` False, FCFS): begin = max(now, over its resources the earliest time that a
  server is free); that server (lowest index of the earliest) is booked until begin + hold. With requests in this order it is
  exactly first come, first served without overtaking, also for visits of several resources.
- SLOTS: begin = start of the visit's first own slot that starts at or after now and after its previous begin. Slot s of a period of S
  slots starts at ``(m * S + s) * slot_fs``.
- *Queued* resources: the visit waits in the queue of each of its resources. It can be granted when each has a free server and would
  serve it next: FCFS the oldest request (by time, then actor, firing, visit), PRIORITY the lowest (priority, time, actor, firing, visit),
  ROUND_ROBIN the first actor after the last one served, cyclically by index (at first: from actor 0), its oldest request. While any
  request can be granted, the one with the smallest (actor, firing, visit) is, and the search starts again. A server is taken until begin + hold; with
  `keep`, until the later of that and the next visit's begin. If it is the next visit's begin that frees it, it is free at once, within the same phase.

**Causes.** A visit begins at the instant of one event, its *cause*, and `parent` is the visit whose begin led to that event:

- RESOURCE: it waited (begin > request). Parent: the visit that held the server: the one whose booking ended at `begin` (booked; on the
  first such resource of its list), or the visit whose hold end or keep-release freed a server last, before the grant (queued; of the
  resources of the visit, the one freed last in time, then lowest index. Where two visits free servers of it at that same instant, the smaller
  (actor, firing, visit); for keep-release, the visit that was kept). If the
  wait was for one's slot or behind an ungrantable older request with a server free, the parent is the visit of the older request if it
  is granted at this instant, else as below with cause SLOT.
- SLOT: it waited for its time slot. Parent as if it had not waited.
- CHAIN: visit p - 1 of the same firing advanced. If that advance was put off to the one of firing k - 1, the cause is PREVIOUS and the parent visit p - 1 of firing k - 1.
- For a first visit that did not wait, the condition that became true at the instant of issue; if several did, the first of:
  TOKEN (lowest channel index; the parent is the last visit of the producer's firing that brought the needed token), ROOM (lowest channel index; the
  parent is the consumer's visit that let go: its first visit, or its last visit if it releases at the end), PREVIOUS (parent: first visit of firing k - 1),
  ARRIVAL (no parent), START (time 0, no parent).

The critical path goes from the last end (the firing end with the largest time, the lowest actor index among equals) back through the parents to a visit without one. Each piece
lasts from its begin to the begin of the next piece, the last until the makespan, the time before the first (an arrival) is a piece of its own
with actor -1: the pieces add up to the makespan.

**Stalls.** From the instant when the actor could have gone on (first hold of firing k - 1 ended; arrival of inference i if later and the actor has no inputs; 0 for k = 0) to the issue of
firing k, the actor was stalled, on the channel of the cause: input (TOKEN), or room (ROOM). From request to begin it waited for a resource.

If nothing is left to happen and some actor has not fired B * N times, that is a deadlock: `DeadlockError`, by `deadlock.explain`.
"""

from __future__ import annotations
