"""Random networks of small layers whose streams part and meet."""

from __future__ import annotations

from random import Random

from ohmsum.workloads.graph import Grid, Network, Operator, Port, Tensor, Window

from .small_networks import add, matrix, source


def random_network(rng: Random) -> Network:
    """Convolutions, poolings, linear layers, and additions of streams that parted a while ago."""
    grid = Grid(rng.choice([1, 4, 6]), rng.choice([2, 4, 6]))
    made: list[Operator] = [source(rng.choice([1, 2]), grid)]
    for i in range(rng.randint(1, 8)):
        name, last = f"o{i}", rng.choice(made[-3:])
        grid, elements = last.output.grid, last.output.elements
        alike = [o for o in made if o is not last and o.output.grid == grid and o.output.elements == elements]
        choice = rng.random()
        if choice < 0.35 and alike:
            made.append(add(name, last.name, rng.choice(alike).name, grid, elements))
        elif choice < 0.5 and grid.rows > 1 and grid.cols > 1:
            smaller = Grid(grid.rows // 2, grid.cols // 2)
            out = Tensor(name, (), smaller, elements)
            window = Window("window", kernel=(2, 2), stride=(2, 2))
            made.append(
                Operator(
                    name,
                    "MaxPool",
                    "vector",
                    (Port(last.name, window),),
                    out,
                    function="max_pool",
                    work=4 * elements,
                )
            )
        elif choice < 0.6:
            made.append(matrix(name, last.name, grid.n_tokens * elements, 3, Grid(), Window("all")))
        else:
            k = rng.choice([1, 3, 5])
            window = Window("window", kernel=(k, k), pad=(k // 2, k // 2))
            made.append(
                matrix(
                    name,
                    last.name,
                    k * k * elements,
                    rng.choice([elements, 2]),
                    grid,
                    window,
                    fused=("relu",),
                )
            )
    used = {p.tensor for o in made for p in o.inputs}
    return Network("random", tuple(made), tuple(o.name for o in made if o.name not in used))
