"""Is a Perfetto trace valid, and does it say when what happened?

Traces are read back with the protobuf schema of the `perfetto` package.
"""

from __future__ import annotations

import gzip
import io
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import ohmsum
import pytest
from hypothesis import HealthCheck, assume, given, settings
from ohmsum.sim.answers.run import Run
from ohmsum.sim.engines import reference
from ohmsum.sim.engines.visit_log import visit_log
from ohmsum.sim.errors import DeadlockError, SimulationError
from ohmsum.sim.trace import TraceSummary, write_trace, writer
from ohmsum.sim.trace.occupancy import occupancies
from perfetto.protos.perfetto.trace.perfetto_trace_pb2 import Trace, TracePacket, TrackEvent

from ..kit.random_programs import Case, cases

FS_PER_NS = 10**6


@pytest.fixture(scope="module")
def lenet5() -> Run:
    return ohmsum.run("lenet5", "isaac", batch=2)


@dataclass
class Slice:
    name: str
    begin_ns: int
    noted: dict[str, int]
    leaving: list[int]
    arriving: list[int]
    end_ns: int = -1


@dataclass
class Read:
    """A trace, read back: tracks by "group/name"."""

    slices: dict[str, list[Slice]] = field(default_factory=lambda: defaultdict(list))
    counters: dict[str, list[tuple[int, float]]] = field(default_factory=lambda: defaultdict(list))
    units: dict[str, str] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)


def read(data: bytes) -> Read:
    """Decode a trace, and check what Perfetto asks of one."""
    trace = Trace()
    trace.ParseFromString(data)
    assert trace.SerializeToString() == data, "nothing that the schema does not know"
    found = Read()
    names: dict[Any, Any] = {}
    notes: dict[Any, Any] = {}
    tracks: dict[Any, Any] = {}
    latest = 0
    for i, packet in enumerate(trace.packet):
        assert packet.trusted_packet_sequence_id == 1
        cleared, needed = TracePacket.SEQ_INCREMENTAL_STATE_CLEARED, TracePacket.SEQ_NEEDS_INCREMENTAL_STATE
        assert packet.sequence_flags == (needed if i else cleared)
        if packet.HasField("interned_data"):
            names |= {entry.iid: entry.name for entry in packet.interned_data.event_names}
            notes |= {entry.iid: entry.name for entry in packet.interned_data.debug_annotation_names}
        elif packet.HasField("track_descriptor"):
            t = packet.track_descriptor
            assert t.uuid
            assert t.uuid not in tracks
            tracks[t.uuid] = f"{tracks[t.parent_uuid]}/{t.name}" if t.parent_uuid else t.name
            if t.HasField("counter"):
                found.units[tracks[t.uuid]] = t.counter.unit_name
        else:
            assert packet.timestamp >= latest
            latest = packet.timestamp
            _event(found, packet, tracks[packet.track_event.track_uuid], names, notes)
    assert all(s.end_ns >= 0 for track in found.slices.values() for s in track), "what begins ends"
    return found


def _event(
    found: Read, packet: TracePacket, track: str, names: dict[int, str], notes: dict[int, str]
) -> None:
    event = packet.track_event
    if event.type == TrackEvent.TYPE_SLICE_BEGIN:
        noted = {notes[a.name_iid]: a.int_value for a in event.debug_annotations}
        flows = list(event.flow_ids), list(event.terminating_flow_ids)
        if found.slices[track]:
            assert found.slices[track][-1].end_ns >= 0, "slices of one track do not overlap"
        found.slices[track].append(Slice(names[event.name_iid], packet.timestamp, noted, *flows))
    elif event.type == TrackEvent.TYPE_SLICE_END:
        assert found.slices[track][-1].end_ns < 0
        found.slices[track][-1].end_ns = packet.timestamp
    elif event.type == TrackEvent.TYPE_COUNTER:
        assert track in found.units
        found.counters[track].append((packet.timestamp, event.double_counter_value))
    else:
        assert event.type == TrackEvent.TYPE_INSTANT
        found.remarks.append(event.name)


def traced(run: Run, limit_bytes: int | None = None) -> tuple[TraceSummary, Read]:
    file = io.BytesIO()
    summary = write_trace(run, file, limit_bytes=limit_bytes)
    assert summary.n_bytes == len(file.getvalue())
    return summary, read(file.getvalue())


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cases())
def test_no_server_is_held_twice(case: Case) -> None:
    """On random Programs: no more servers than there are, and as long as the visits held."""
    program = case.program
    try:
        how: dict[str, Any] = {"arrivals_fs": case.arrivals_fs, "n_bins": case.n_bins}
        result, visits, holds = visit_log(program, case.iterations, **how)
    except DeadlockError:
        assume(False)
    plain = case.run(reference.run)
    assert [name for name in result.differences(plain) if not name.startswith("firings")] == []
    slices = occupancies(holds)
    on_resources = slices[slices["resource"] < program.n_resources]
    assert np.all(on_resources["server"] < program.resource_servers[on_resources["resource"]])
    for one, other in pairwise(slices):
        if (one["resource"], one["server"]) == (other["resource"], other["server"]):
            assert one["end_fs"] <= other["start_fs"]
    row = visits[slices["row"]]
    lasted = slices["end_fs"] - slices["start_fs"]
    held = row["end_fs"] - row["begin_fs"]
    plain_visit = ~program.visit_spread[row["visit"]]
    assert np.array_equal(lasted[plain_visit], held[plain_visit])
    assert np.all(lasted <= held)
    assert np.all(slices["start_fs"] >= row["request_fs"])
    assert np.all(slices["start_fs"] <= row["begin_fs"])


def test_visit_log_agrees_with_the_sums_of_the_engine(lenet5: Run) -> None:
    result, visits, _ = visit_log(lenet5.program, 2)
    assert len(visits) == result.n_visits
    busy = np.zeros(lenet5.program.n_visits, np.int64)
    wait = np.zeros(lenet5.program.n_visits, np.int64)
    np.add.at(busy, visits["visit"], visits["end_fs"] - visits["begin_fs"])
    np.add.at(wait, visits["visit"], visits["begin_fs"] - visits["request_fs"])
    assert np.array_equal(busy, result.busy_fs)
    assert np.array_equal(wait, result.wait_fs)


def test_every_resource_has_its_slices(lenet5: Run) -> None:
    summary, found = traced(lenet5)
    assert summary.is_whole
    assert summary.makespan_fs == summary.until_fs == lenet5.together.makespan_fs
    assert sum(map(len, found.slices.values())) == summary.n_slices
    program = lenet5.program
    for r, (klass, name) in enumerate(zip(program.resource_class, program.resource_name, strict=True)):
        own = f"{klass}/{name}"  # a track for each of its servers, where there are several
        tracks = [t for key, t in found.slices.items() if key == own or key.startswith(f"{own} [")]
        visits = np.flatnonzero(np.diff(program.visit_resource_start))
        mine = [
            v
            for v in visits.tolist()
            if r
            in program.visit_resource[program.visit_resource_start[v] : program.visit_resource_start[v + 1]]
        ]
        firings = program.actor_firings[program.visit_actor()[mine]]
        assert sum(map(len, tracks)) == 2 * firings.sum()
        for s in (s for track in tracks for s in track):
            assert s.begin_ns == s.noted["begin_fs"] // FS_PER_NS
            assert s.end_ns == (s.noted["begin_fs"] + s.noted["duration_fs"]) // FS_PER_NS
            assert s.noted["waited_fs"] >= 0
        for track in tracks:
            exact = sorted((s.noted["begin_fs"], s.noted["duration_fs"]) for s in track)
            assert all(a[0] + a[1] <= b[0] for a, b in pairwise(exact)), "exactly, not only in nanoseconds"


def test_arrows_go_forward_from_producer_to_consumer(lenet5: Run) -> None:
    _, found = traced(lenet5)
    everything = [s for track in found.slices.values() for s in track]
    start = {number: s for s in everything for number in s.leaving}
    arrived = {number: s for s in everything for number in s.arriving}
    assert start.keys() == arrived.keys()
    program = lenet5.program
    channels = {
        (program.actor_name[a], program.actor_name[b])
        for a, b in zip(program.channel_src.tolist(), program.channel_dst.tolist(), strict=True)
    }
    assert {(start[n].name, arrived[n].name) for n in start} == channels
    assert all(start[n].noted["begin_fs"] < arrived[n].noted["begin_fs"] for n in start)
    # A fully connected layer needs all of its input, from every stream, once per inference.
    into = [n for n in arrived if arrived[n].name == "fc1"]
    fc1 = program.actor_name.index("fc1")
    assert len(into) == 2 * sum(program.channel_dst == fc1)


def test_counters(lenet5: Run) -> None:
    """Power integrates to the energy of the batch, loads to busy time, queues end empty."""
    _, found = traced(lenet5)
    assert found.units["power/power"] == "W"
    joules = sum(value * (t1 - t0) * 1e-9 for (t0, value), (t1, _) in pairwise(found.counters["power/power"]))
    assert joules == pytest.approx(2 * lenet5.energy.total_j, rel=0.01), "instants are whole nanoseconds"
    loads = [track for track in found.counters if track.startswith("link load/")]
    program = lenet5.program
    busy = lenet5.busy.resource_utilization
    links = {n: r for r, n in enumerate(program.resource_name) if program.resource_class[r].endswith("link")}
    assert {track.removeprefix("link load/") for track in loads} == {
        n for n, r in links.items() if busy[r] > 0
    }
    for track in loads:
        values = found.counters[track]
        mean = sum(v * (t1 - t0) for (t0, v), (t1, _) in pairwise(values)) / (values[-1][0] or 1)
        share = 100 * busy[links[track.removeprefix("link load/")]]
        assert mean * values[-1][0] == pytest.approx(share * lenet5.makespan_s * 1e9, rel=0.05)
    queues = [values for track, values in found.counters.items() if track.startswith("queue/")]
    assert queues
    for values in queues:
        assert all(value >= 0 for _, value in values)
        assert max(value for _, value in values) >= 1
        assert values[-1][1] == 0


def test_queue_lasts_as_long_as_the_waits(lenet5: Run) -> None:
    _, found = traced(lenet5)
    for track, values in found.counters.items():
        if track.startswith("queue/"):
            name = track.removeprefix("queue/")
            klass = lenet5.program.resource_class[lenet5.program.resource_name.index(name)]
            whole = f"{klass}/{name}"
            tracks = [t for t in found.slices if t == whole or t.startswith(f"{whole} [")]  # one a server
            assert tracks
            waited_ns = sum(s.noted["waited_fs"] for t in tracks for s in found.slices[t]) / FS_PER_NS
            area = sum(value * (t1 - t0) for (t0, value), (t1, _) in pairwise(values))
            assert area == pytest.approx(waited_ns, abs=len(values)), "one nanosecond per change"


def test_limit_cuts_the_end(lenet5: Run) -> None:
    whole, everything = traced(lenet5)
    limit = whole.n_bytes // 2
    cut, found = traced(lenet5, limit)
    assert cut.n_bytes <= limit
    assert cut.n_bytes > limit // 2
    assert not cut.is_whole
    assert 0 < cut.until_fs < cut.makespan_fs
    assert found.remarks == ["cut here by the size limit"]
    for track, slices in found.slices.items():
        assert slices == everything.slices[track][: len(slices)]
        assert all(s.begin_ns * FS_PER_NS <= cut.until_fs for s in slices)
    with pytest.raises(SimulationError, match="the tracks alone take"):
        traced(lenet5, 1000)


def test_compressed_trace_is_the_same(lenet5: Run) -> None:
    plain, packed = io.BytesIO(), io.BytesIO()
    write_trace(lenet5, plain)
    summary = write_trace(lenet5, packed, compress=True)
    assert gzip.decompress(packed.getvalue()) == plain.getvalue()
    assert summary.n_bytes == len(packed.getvalue()) < len(plain.getvalue()) / 2


def test_too_many_visits_are_refused(lenet5: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "MOST_VISITS", 100)
    with pytest.raises(SimulationError, match=r"trace: found [\d,]+ visits, expected at most 100; use a sm"):
        write_trace(lenet5, io.BytesIO())
