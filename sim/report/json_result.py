"""The result file: one JSON object, SI units, every name ending in its unit; what is not known is left out.

One family of objects for every kind of answers: the heading and the figures are alike, the other blocks are
those of the kind.

Heading
-------
schema, kind
    Name and version of this format; inference, training (a step of it), generation or serving.
provenance
    version (of ohmsum), chip_hash, network_hash, program_hash (of a run), with data data_hash (SHA-256),
    seed, options: enough to run it again.
network, chip
    What ran: names, sources, counts. scaled_costs, kept_costs: costs that hang on a field that was changed,
    with the law by which they moved, or why they stayed.
chip_fields
    Every field of the chip by its dotted path, as a chip file would say it, so that two results can be told
    apart by their causes.

After it come the figures, at the places that their keys name, dots leading inwards; the table of figures says
what each means.

Blocks of a run and a training step
-----------------------------------
batch, latency_fs, throughput_basis
    Inferences run together; the latency exactly; what the rate was measured on.
bounds
    latency_by, interval_by: what sets the bounds that no mapping can beat, with every operator on the kind of
    hardware that it is on here; left out where layers take turns on the crossbars.
requests
    Only for requests that arrive over time. arrival: as asked for; latency_s, queueing_s: mean, p50, p95, p99
    and max, percentiles by nearest rank; above_capacity: whether more is offered than can be served, so that
    the queue grows without end, left out if the batch was too short to tell; verdict: in words.
training
    Only for a training step, which is then what an inference is everywhere else; see `training_block`.
energy_by_component_j, energy_by_action_j
    Per inference. Static energy is booked in the component that leaks, under the action and the layer
    "(static)".
area_by_part_mm2
    By path in the chip file, of one chip.
tiles_total, mapping
    Where the network went.
operands
    What energies of crossbars and converters hold for. basis: assumed (means of the chip file, over full
    scale), stated, statistical or exact; energy: constant, or with the data; file, sha256, samples: the data.
    layers: of every layer on crossbars bit_density by input slice (least significant first), mean_input of
    the driven rows and mean_code of the converters (over full scale), zero_slice_share of the reads drive no
    row, skipped_share are not made; column_mean, column_std: of column sums over the converter's range
    (column_range_a: its current, if the chip file has conductances and a read voltage);
    column_shares (-1 to 1), code_shares, input_shares, level_shares: histograms in equal bins.
utilization, stalls_s
    Busy share by class of resource, of the hardware that the program uses; standing time by cause.
layers
    One entry per operator, in order, then the parts of the program that belong to none; energies add up to
    energy_j. stall_s is in actor-seconds by cause; utilization is the busy share of the class named by
    `busiest` while the layer lasts.
critical_path, critical_path_summary
    What made the latency as long as it is. duration_fs are integers that add up to latency_fs exactly;
    duration_s = duration_fs / 1e15.
swap
    Only where layers take turns on the crossbars. n_segments, n_written: of them, and that are written for
    every inference; group: inferences that share it, and are one inference everywhere here; weight_bytes,
    cells, write_j: what is written; most_writes, mean_writes: of a cell in one inference; path_s: time on the
    critical path for bringing and writing weights; endurance (writes of a cell), inferences (until it is
    reached): left out if unknown; kept_bytes, buffer_bytes: most that waits for later segments, and the room
    of all tile buffers (if that is less, it waits in memory).
stores
    How full buffers of tiles and of MAC arrays were, and memories where tokens wait, the fullest first:
    peak_bytes at any instant, rooms_bytes of all streams in it, capacity_bytes. None with buffers: unlimited.
links
    The busiest. load: busy share; queueing_s: waiting of the transfers over it (one that waits for several
    links counts for each), in one inference; transfers: who shares it, and their shares of its busy time.
interconnect
    flit_hops: flits through routers in one inference, energy_per_flit_hop_j, energy_per_bit_hop_j; hop_s,
    queue_s: of all transfers. heat: of the chip with the busiest link, the load of the busiest link out of
    each router, by row and column.
transfers
    Every stream over the network. hop_s: what its n_tokens would take one by one on an empty network;
    queue_s: what they waited beyond that.
time_series
    Utilization by class and power, in bins over one inference.
wall_s
    Seconds that this computer took, the only entry that differs between two equal runs.

Blocks of a generation
----------------------
prefill_tokens, decode_tokens, sequences, experts
    What was asked for.
critical_path_summary, energy_by_layer_j, energy_by_component_j
    Time of the critical paths of one prompt alone and of the decoding phase; energy of everything.
contexts, time_per_token_at_s
    Of the tokens after the first, the mean over the sequences after each context.
work
    By phase, time_s (of the critical path of one prompt, or of the decoding phase) and energy_j by kind of
    work.

Blocks of a service
-------------------
prefill_tokens, decode_tokens, most_running, experts
    What was asked for.
critical_path_summary, energy_by_layer_j, energy_by_component_j
    Time of the critical paths of all iterations; energy of everything, idle time included.
requests
    As those of a run; n: how many.
time_error
    Mean and max relative error of times interpolated between simulated ones, by simulating some iterations as
    they were.
"""

from __future__ import annotations

import json
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from ...arch import describe
from ..answers.generation import Generation
from ..answers.run import Run
from ..answers.serving import Serving
from ..figures import FAMILIES, put
from .json_language import generation_blocks, serving_blocks
from .json_run import run_blocks
from .known import known, merged

if TYPE_CHECKING:
    from ..answers.base import Answer

SCHEMA = "ohmsum-result/2"


def to_json(answer: Answer) -> dict[str, Any]:
    """The answer as an object of plain dicts, lists, strings and numbers."""
    return known(merged(_heading(answer), put(answer.figures), _parts(answer), _blocks(answer)))


def dumps(result: dict[str, Any]) -> str:
    """The object as text, one line per entry and per element of a list of objects: fit for `diff`."""
    parts = []
    for key, value in result.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            body = "[\n" + ",\n".join(f"    {_compact(item)}" for item in value) + "\n  ]"
        else:
            body = _compact(value)
        parts.append(f"  {json.dumps(key)}: {body}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _heading(answer: Answer) -> dict[str, Any]:
    """What ran, and all that is needed to run it again."""
    return {
        "schema": SCHEMA,
        "kind": answer.kind,
        "provenance": {
            "version": version("ohmsum"),
            "chip_hash": answer.chip.hash,
            "network_hash": answer.source.hash,
            "seed": answer.options.get("mapping", {}).get("seed", 0),
            "options": dict(answer.options),
        },
        "network": {"name": answer.network_name},
        "chip": {"name": answer.chip.name, "n_chips": answer.chip.n_chips},
        "chip_fields": {row.path: row.value for row in describe(answer.chip)},
    }


def _parts(answer: Answer) -> dict[str, Any]:
    """Figures of parts, except those of layers, which have rows of their own."""
    whole: dict[str, Any] = {}
    for family in FAMILIES:
        found = None if family.key.startswith("layers.") else family.of(answer)
        if found is None:
            continue
        outer, _, inner = family.key.partition(".*")
        rows = {part: {inner[1:]: number} if inner else number for part, number in found.items()}
        whole = merged(whole, {outer: rows})
    return whole


def _blocks(answer: Answer) -> dict[str, Any]:
    if isinstance(answer, Run):
        return run_blocks(answer)
    if isinstance(answer, Generation):
        return generation_blocks(answer)
    if isinstance(answer, Serving):
        return serving_blocks(answer)
    raise TypeError(f"no result file for {type(answer).__name__}")


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(", ", ": "))
