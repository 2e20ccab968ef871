"""What a tile computes: pure functions on arrays, numpy and numba only.

Operands: `slices` (integers as digits, signs, offsets), `encode` (activations to codes and pulses),
`conductance` (weights to conductances). Reading: `mvm` (one pulse, one converter a column), `mvm_sliced`
(slices, phases, row blocks), `mvm_bits` (the same on packed bits), `converter`, `accumulator`. Devices:
`programming`, `drift`, `read_noise`, `retention`, `temperature`, `faults`. Wires: `irdrop_exact`,
`irdrop_fast`, `irdrop_nonlinear`. Corrections: `compensation`, `spare_columns`. Random numbers: `rng`.
Twins for tests: `mvm_ref`, `rng_ref`. What compiled loops are built of: `records`, `record_code`, `sources`.
"""
