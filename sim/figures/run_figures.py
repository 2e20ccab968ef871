"""Figures of a network run on inputs, or of a step of training."""

from __future__ import annotations

from .record import Figure

RUN = (
    Figure(
        key="latency_s", unit="s", label="latency", better="less", about="time",
        meaning="first input to last output of one inference alone",
        inference=lambda run: run.latency_s,
    ),
    Figure(
        key="throughput_per_s", unit="/s", label="throughput", better="more", about="time",
        meaning="inferences per second while the pipeline is full",
        inference=lambda run: run.throughput.per_s,
    ),
    Figure(
        key="energy_j", unit="J", label="energy", better="less", about="energy",
        meaning="per inference, or training step; of everything for language models",
        inference=lambda run: run.energy.total_j,
        generation=lambda made: made.energy_j,
        serving=lambda served: served.energy_j,
    ),
    Figure(
        key="power_w", unit="W", label="power", better="less", about="energy",
        meaning="mean over the whole time",
        inference=lambda run: run.power_w,
        generation=lambda made: made.energy_j / made.total_s,
        serving=lambda served: served.energy_j / served.total_s,
    ),
    Figure(
        key="area_mm2", unit="mm2", label="area", better="less", about="area",
        meaning="of all chips",
        inference=lambda run: run.area_mm2,
    ),
    Figure(
        key="tops", unit="TOPS", label="TOPS", better="more", about="time",
        meaning="10^12 operations per second; 1 multiply-accumulate = 2 operations",
        inference=lambda run: run.tops,
    ),
    Figure(
        key="tops_per_w", unit="TOPS/W", label="TOPS/W", better="more", about="energy",
        meaning="10^12 operations per joule of all that was simulated: chips, links, memory, host",
        inference=lambda run: run.tops_per_w,
    ),
    Figure(
        key="tops_per_mm2", unit="TOPS/mm2", label="TOPS/mm2", better="more", about="area",
        meaning="10^12 operations per second and mm2 of all chips",
        inference=lambda run: run.tops / run.area_mm2 if run.area_mm2 else None,
    ),
    Figure(
        key="makespan_s", unit="s", label="makespan", better="less", about="time",
        meaning="first input to last output of the whole batch",
        inference=lambda run: run.makespan_s,
    ),
    Figure(
        key="static_energy_j", unit="J", label="static energy", better="less", about="energy",
        meaning="the part of the energy that is drawn all the time",
        inference=lambda run: run.energy.static_j,
    ),
    Figure(
        key="energy_all_gated_j", unit="J", label="energy, all gated", better="less", about="energy",
        meaning="if every part were cut from its supply whenever it does nothing",
        inference=lambda run: run.energy_bracket_j[0],
    ),
    Figure(
        key="energy_nothing_gated_j", unit="J", label="energy, nothing gated", better="less", about="energy",
        meaning="if nothing were ever stopped; where no idle power is stated, idle parts draw as busy ones",
        inference=lambda run: run.energy_bracket_j[1],
    ),
    Figure(
        key="energy_delay_js", unit="Js", label="energy x delay", better="less", about="energy",
        meaning="energy times latency",
        inference=lambda run: run.energy.total_j * run.latency_s,
    ),
    Figure(
        key="snr_db", unit="dB", label="signal to noise", better="more", about="accuracy",
        meaning="estimate of all layers on crossbars together, in closed form (`sim/metrics/signal.py`)",
        inference=lambda run: run.snr_db,
    ),
    Figure(
        key="adc_bits_missing", unit="bit", label="converter bits missing", better="less", about="accuracy",
        meaning="that the converters of the worst layer lack to hold every sum of a column",
        inference=lambda run: run.adc_bits_missing,
    ),
    Figure(
        key="bounds.latency_s", unit="s", label="bound of the latency", better="less", about="time",
        meaning="that no mapping can beat (`sim/metrics/mapping_bounds.py`)",
        inference=lambda run: None if run.mapping_bounds is None else run.mapping_bounds.latency.s,
    ),
    Figure(
        key="bounds.interval_s", unit="s", label="bound of the interval", better="less", about="time",
        meaning="time per inference that no mapping can beat, however large the batch",
        inference=lambda run: None if run.mapping_bounds is None else run.mapping_bounds.interval.s,
    ),
    Figure(
        key="bounds.latency_gap", unit="", label="latency over its bound", better="less", about="time",
        meaning="at least 1; 1 is the best possible mapping",
        inference=lambda run: run.gap("latency"),
    ),
    Figure(
        key="bounds.interval_gap", unit="", label="interval over its bound", better="less", about="time",
        meaning="of a batch; 1 is the best possible mapping",
        inference=lambda run: run.gap("interval"),
    ),
    Figure(
        key="host_s", unit="s", label="host", better="less", about="time",
        meaning="time that one inference keeps the host busy",
        inference=lambda run: run.host_s,
    ),
    Figure(
        key="network_s", unit="s", label="network", better="less", about="time",
        meaning="time of the critical path on links",
        inference=lambda run: run.network_s,
    ),
    Figure(
        key="tiles_used", unit="", label="tiles used", better=None, about="work",
        meaning="tiles taken",
        inference=lambda run: run.mapping.tiles_used,
    ),
    Figure(
        key="crossbars_used", unit="", label="crossbars used", better=None, about="work",
        meaning="crossbars taken",
        inference=lambda run: run.mapping.crossbars_used,
    ),
    Figure(
        key="hop_bytes", unit="B", label="bytes x hops", better="less", about="work",
        meaning="bytes times the links that they go over",
        inference=lambda run: run.mapping.hop_bytes,
    ),
    Figure(
        key="macs", unit="", label="MACs", better=None, about="work",
        meaning="multiply-accumulates with stored weights",
        inference=lambda run: run.network.macs,
    ),
    Figure(
        key="product_macs", unit="", label="product MACs", better=None, about="work",
        meaning="multiply-accumulates of two activations",
        inference=lambda run: run.network.product_macs,
    ),
    Figure(
        key="events", unit="", label="events", better=None, about="work",
        meaning="visits simulated",
        inference=lambda run: run.events,
        generation=lambda made: made.events,
    ),
)  # fmt: skip

SWAP = (
    Figure(
        key="swap.path_s", unit="s", label="weights on the critical path", better="less", about="time",
        meaning="time of the critical path for bringing and writing weights that take turns",
        inference=lambda run: None if run.swap is None else run.swap.path_s,
    ),
    Figure(
        key="swap.write_j", unit="J", label="energy of writing", better="less", about="energy",
        meaning="energy of writing weights that take turns",
        inference=lambda run: None if run.swap is None else run.swap.write_j,
    ),
    Figure(
        key="swap.inferences", unit="", label="inferences until worn", better="more", about="work",
        meaning="inferences until a cell that is written for each of them reaches its endurance",
        inference=lambda run: None if run.swap is None else run.swap.inferences,
    ),
)  # fmt: skip

TRAINING = (
    Figure(
        key="training.samples_per_s", unit="/s", label="samples", better="more", about="time",
        meaning="samples of the step over its time",
        training=lambda step: step.training.samples_per_s,
    ),
    Figure(
        key="training.kept_bytes", unit="B", label="kept for the backward pass", better="less", about="work",
        meaning="activations of one sample that wait for the backward pass",
        training=lambda step: step.training.kept_bytes,
    ),
    Figure(
        key="training.full_writes_per_cell", unit="", label="full writes of a cell", better="less",
        about="work",
        meaning="in one step, of a mean cell of the layer with the most",
        training=lambda step: step.training.full_writes,
    ),
    Figure(
        key="training.steps_until_worn", unit="", label="steps until worn", better="more", about="work",
        meaning="steps until the most worn layer reaches the endurance of its cells",
        training=lambda step: step.training.steps_until_worn,
    ),
    Figure(
        key="training.epoch.time_s", unit="s", label="time of an epoch", better="less", about="time",
        meaning="of an epoch of as many samples as were asked for",
        training=lambda step: None if step.training.epoch is None else step.training.epoch.time_s,
    ),
    Figure(
        key="training.epoch.energy_j", unit="J", label="energy of an epoch", better="less", about="energy",
        meaning="of an epoch of as many samples as were asked for",
        training=lambda step: None if step.training.epoch is None else step.training.epoch.energy_j,
    ),
    Figure(
        key="training.epoch.until_worn", unit="", label="epochs until worn", better="more", about="work",
        meaning="epochs until the most worn layer reaches the endurance of its cells",
        training=lambda step: None if step.training.epoch is None else step.training.epoch.until_worn,
    ),
)  # fmt: skip
