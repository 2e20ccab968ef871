"""The packets of a Perfetto trace (https://perfetto.dev/docs/reference/synthetic-track-event)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from perfetto.protos.perfetto.trace.perfetto_trace_pb2 import CounterDescriptor, TracePacket, TrackEvent

_SEQUENCE = 1
_CLEARED = TracePacket.SEQ_INCREMENTAL_STATE_CLEARED
_NEEDED = TracePacket.SEQ_NEEDS_INCREMENTAL_STATE
ANNOTATIONS = ("firing", "begin_fs", "duration_fs", "waited_fs")
"""What is noted on every slice, beside its name."""


def framed(packet: TracePacket) -> bytes:
    """A packet as an element of the repeated field 1 of the message Trace."""
    body: bytes = packet.SerializeToString()
    return b"\x0a" + _varint(len(body)) + body


def names(slice_names: Sequence[str]) -> TracePacket:
    """The first packet: name i + 1 of slices, and the names of what is noted on them."""
    packet = _packet(0)
    packet.sequence_flags = _CLEARED
    for i, name in enumerate(slice_names):
        packet.interned_data.event_names.add(iid=i + 1, name=name)
    for i, name in enumerate(ANNOTATIONS):
        packet.interned_data.debug_annotation_names.add(iid=i + 1, name=name)
    return packet


def track(uuid: int, name: str, parent: int = 0, unit: str | None = None) -> TracePacket:
    """A track, a group of tracks, or (with a unit) a counter."""
    packet = _packet(0)
    described = packet.track_descriptor
    described.uuid, described.name = uuid, name
    if parent:
        described.parent_uuid = parent
    if unit is not None:
        described.counter.unit = CounterDescriptor.UNIT_UNSPECIFIED
        described.counter.unit_name = unit
    return packet


def begin(time_ns: int, uuid: int, name: int, noted: Iterable[int]) -> TracePacket:
    """A slice begins; `noted` are the values of `ANNOTATIONS`."""
    packet = _packet(time_ns)
    event = packet.track_event
    event.type, event.track_uuid, event.name_iid = TrackEvent.TYPE_SLICE_BEGIN, uuid, name + 1
    for i, value in enumerate(noted):
        event.debug_annotations.add(name_iid=i + 1, int_value=value)
    return packet


def end(time_ns: int, uuid: int) -> TracePacket:
    """The slice that began last on a track ends."""
    packet = _packet(time_ns)
    packet.track_event.type, packet.track_event.track_uuid = TrackEvent.TYPE_SLICE_END, uuid
    return packet


def value(time_ns: int, uuid: int, number: float) -> TracePacket:
    """A counter changes."""
    packet = _packet(time_ns)
    event = packet.track_event
    event.type, event.track_uuid, event.double_counter_value = TrackEvent.TYPE_COUNTER, uuid, number
    return packet


def instant(time_ns: int, uuid: int, name: str) -> TracePacket:
    """A remark at some time."""
    packet = _packet(time_ns)
    event = packet.track_event
    event.type, event.track_uuid, event.name = TrackEvent.TYPE_INSTANT, uuid, name
    return packet


def _packet(time_ns: int) -> TracePacket:
    return TracePacket(timestamp=time_ns, trusted_packet_sequence_id=_SEQUENCE, sequence_flags=_NEEDED)


def _varint(n: int) -> bytes:
    parts = bytearray()
    while n > 0x7F:
        parts.append(n & 0x7F | 0x80)
        n >>= 7
    parts.append(n)
    return bytes(parts)
