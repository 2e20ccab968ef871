"""One training step of a network: forward, backward and update as operators of one larger network.

Stochastic gradient descent on a batch (softmax and cross-entropy at every output). The forward operators stay
as they are; behind them come, in reverse order, the way back of every operator that an error goes through,
and the update of every weight matrix:

- ``NAME.loss``: softmax less the label, at every output of the network.
- ``NAME.error``: the error through a function (its derivative, pooling, an addition that forked, a movement).
- ``NAME.backward``: error times the transposed matrix, once per output token as on the way forward. For a
  convolution this makes the columns of im2col, which ``NAME.scatter`` adds up into the input's gradient. The
  layers before the first weights have none.
- ``NAME.update`` by pulses: a rank-one update in the array for every output token.
- ``NAME.gradient``, ``NAME.apply``, ``NAME.update`` else: the gradient of the weights, summed up over tokens
  and batch; old weights less rate x gradient; and the writing of them, once per step.
- ``NAME.store`` (``NAME.load``): an activation that the backward pass needs is put aside until then.

A matrix has as many multiply-accumulates backward and in its gradient as it has forward. Biases are left out
here as they are in the forward pass; batch-norm is folded and stays as it is (assumptions).
"""

from __future__ import annotations

from dataclasses import replace

from .backward import spread_work, transposed
from .errors import NetworkError
from .functions import AsForward, FromInput, NoError, OtherFactor, Passes, Work, get
from .graph import Grid, Matrix, Network, Operator, Port, Product, Tensor, Window
from .role import Role, Task, TrainingPhase
from .training_plan import TrainingPlan, check_trainable

EVERYTHING = Window("all")


def training_step(network: Network, plan: TrainingPlan) -> Network:
    """The network of one training step; every operator has a `Role`.

    Raises
    ------
    NetworkError
        The network has no weights, or an operator whose backward pass is not modelled; the message names it.
    """
    for operator in network.operators:
        check_trainable(network, operator)
    if not any(o.matrix for o in network.operators):
        raise NetworkError(f"{network.name}: nothing to train, no operator has a weight matrix")
    step = _Step(network, plan)
    for name in network.outputs:
        step.loss(next(o for o in network.operators if o.name == name))
    for operator in reversed(network.operators):
        step.backward(operator)
    return replace(
        network,
        name=f"{network.name} (training step)",
        operators=step.operators,
        outputs=(),
        _by_tensor={},
    )


class _Step:
    """The operators of the step, as they are made."""

    def __init__(self, network: Network, plan: TrainingPlan) -> None:
        self._network, self._plan = network, plan
        self._forward = [
            replace(o, role=Role("forward", o.name, "forward", plan.batch)) for o in network.operators
        ]
        self._stores: dict[str, Operator] = {}
        self._losses: list[Operator] = []
        self._loads: dict[str, Operator] = {}
        self._back: list[Operator] = []
        self._errors: dict[str, list[Tensor]] = {}
        self._trained = _depends_on_weights(network)

    @property
    def operators(self) -> tuple[Operator, ...]:
        """All of them, in topological order."""
        stores, loads = self._stores.values(), self._loads.values()
        return (*self._forward, *stores, *self._losses, *loads, *self._back)

    def loss(self, operator: Operator) -> None:
        """Softmax and cross-entropy: the gradient is softmax less the label. A softmax at the end is it."""
        y = operator.output
        n = y.elements
        loss = get(operator.function).loss if operator.function else ()
        ends_in_softmax = bool(loss)
        work = tuple((f, c * n) for f, c in loss or (("softmax", 1), ("sub", 1)))
        labels = Tensor(f"{operator.name}.labels", (), y.grid, 1)
        role = Role("forward", operator.name, "loss", self._plan.batch)
        self._losses.append(Operator(labels.name, "Labels", "input", (), labels, role=role))
        made = replace(y, name=f"{operator.name}.loss")
        ports = (Port(y.name), Port(labels.name))
        self._losses.append(_vector(made.name, "Loss", ports, made, work, replace(role, phase="backward")))
        self._add_error(operator.inputs[0].tensor if ends_in_softmax else y.name, made)
        if ends_in_softmax:
            self._trained.discard(y.name)

    def backward(self, operator: Operator) -> None:
        """The way back of one operator, once the errors of all who use its output are there."""
        errors = self._errors.get(operator.output.name, [])
        if not errors or operator.output.name not in self._trained or operator.kind == "input":
            return
        error = errors[0] if len(errors) == 1 else self._sum(operator, errors)
        for i, function in enumerate(reversed(operator.fused)):
            if isinstance(get(function).gradient, NoError):
                return
            error = self._through(operator, error, function, f"{operator.name}.error{i or ''}")
        if operator.matrix is not None:
            self._matrix(operator, operator.matrix, error)
            return
        if operator.function and isinstance(get(operator.function).gradient, NoError):
            return
        for port in operator.inputs:
            if port.tensor in self._trained:
                self._vector(operator, port, error)

    def _add_error(self, tensor: str, error: Tensor) -> None:
        self._errors.setdefault(tensor, []).append(error)

    def _sum(self, operator: Operator, errors: list[Tensor]) -> Tensor:
        """The errors of several consumers, added."""
        made = replace(operator.output, name=f"{operator.name}.sum")
        work: Work = (("add", made.elements * (len(errors) - 1)),)
        ports = tuple(_port(e, made.grid) for e in errors)
        self._back.append(_vector(made.name, "Sum", ports, made, work, self._role(operator)))
        return made

    def _through(self, operator: Operator, error: Tensor, function: str, name: str) -> Tensor:
        """The error before a fused function: the error behind it times the derivative."""
        made = replace(operator.output, name=name)
        fused = get(function)
        work = tuple((f, n * made.elements) for f, n in fused.derivative)
        # What went into a fused function is no tensor of its own: as large as its output, kept beside it.
        kept = self._stored(operator.output.name, operator, before=isinstance(fused.gradient, FromInput))
        ports = (_port(error, made.grid), Port(kept))
        self._back.append(_vector(name, "Derivative", ports, made, work, self._role(operator)))
        return made

    def _vector(self, operator: Operator, port: Port, error: Tensor) -> None:
        """The error at one input of an operator without weights."""
        source = self._network.producer(port.tensor).output
        same = operator.output.size == source.size
        if operator.function and isinstance(get(operator.function).gradient, Passes) and same:
            self._add_error(source.name, error)
            return
        which = f" to {port.tensor}" if len({p.tensor for p in operator.inputs}) > 1 else ""
        name = f"{operator.name}.error{which}"
        made = replace(source, name=name)
        back = transposed(port.window, source.grid, operator.output.grid)
        ports = [Port(error.name, back if error.grid == operator.output.grid else EVERYTHING)]
        if operator.kind == "move":
            move = Operator(name, "Move", "move", tuple(ports), made, role=self._role(operator))
            self._back.append(move)
        else:
            work, kept = self._rule(operator, port, source)
            ports += [Port(k) for k in kept if k is not None]
            self._back.append(
                _vector(name, operator.op, tuple(ports), made, work, self._role(operator), operator.function)
            )
        self._add_error(source.name, made)

    def _rule(self, operator: Operator, port: Port, source: Tensor) -> tuple[Work, list[str]]:
        """Operations per token of an input's gradient, and the stored activations that it takes."""
        function, n = get(operator.function), source.elements
        gradient = function.gradient
        if function.elementwise:
            used = port.tensor if isinstance(gradient, FromInput) else operator.output.name
            return tuple((f, c * n) for f, c in function.derivative), [self._stored(used, operator)]
        if isinstance(gradient, Passes):  # broadcast on the way forward
            tokens = operator.output.size // source.grid.n_tokens
            return (("reduce", max(1, tokens)),), []
        if isinstance(gradient, OtherFactor):  # the same one again in a square; a constant is at hand
            others = [p.tensor for p in operator.inputs if p.tensor != port.tensor]
            square = [port.tensor] if len(operator.inputs) > 1 and not others else []
            return (("mul", n),), [self._stored(t, operator) for t in others + square]
        keeps = isinstance(gradient, AsForward) and gradient.keeps_input
        return spread_work(operator, source), [self._stored(port.tensor, operator)] if keeps else []

    def _matrix(self, operator: Operator, m: Matrix, error: Tensor) -> None:
        """Error through the transposed matrix, and the update of the matrix."""
        port = operator.inputs[0]
        waits = [Port(operator.output.name, EVERYTHING)]
        if port.tensor in self._trained:
            columns = Tensor(f"{operator.name}.backward", (), operator.output.grid, m.k * m.groups)
            turned = Matrix(m.n, m.k, m.groups, m.applications)
            ports = (_port(error, columns.grid),)
            role = self._role(operator, "columns")
            self._back.append(
                Operator(columns.name, "Transposed", "matrix", ports, columns, matrix=turned, role=role)
            )
            waits.append(Port(columns.name, EVERYTHING))
            self._scatter(operator, port, columns)
        self._update(operator, m, error, waits)

    def _scatter(self, operator: Operator, port: Port, columns: Tensor) -> None:
        """Columns of im2col added up where they came from; nothing to do if each came from one place."""
        source = self._network.producer(port.tensor).output
        if columns.size == source.size and port.window.kernel == (1, 1):
            self._add_error(source.name, columns)
            return
        made = replace(source, name=f"{operator.name}.scatter")
        back = transposed(port.window, source.grid, columns.grid)
        work: Work = (("add", -(-columns.size // source.grid.n_tokens)),)
        ports = (Port(columns.name, back),)
        self._back.append(_vector(made.name, "Col2Im", ports, made, work, self._role(operator)))
        self._add_error(source.name, made)

    def _update(self, operator: Operator, m: Matrix, error: Tensor, waits: list[Port]) -> None:
        """The change of a weight matrix, after its last use in the step."""
        method = self._plan.methods[operator.name]
        x = Port(self._stored(operator.inputs[0].tensor, operator), operator.inputs[0].window)
        delta = _port(error, operator.output.grid)
        name = f"{operator.name}.update"
        if method == "pulses":
            done = Tensor(name, (), operator.output.grid, 1)
            role = self._role(operator, "pulses", "update")
            plain = replace(m, weight="")
            self._back.append(
                Operator(name, "Update", "matrix", (x, delta, *waits), done, matrix=plain, role=role)
            )
            return
        gradient = self._gradient(operator, m, Port(x.tensor, EVERYTHING), Port(delta.tensor, EVERYTHING))
        new = replace(gradient, name=f"{operator.name}.apply")
        role = Role("update", operator.name, "apply")
        work: Work = (("mul", new.elements), ("sub", new.elements))
        ports = (Port(gradient.name, EVERYTHING),)
        self._back.append(_vector(new.name, "Apply", ports, new, work, role))
        written = replace(role, task="write" if method == "write" else "save")
        done = Tensor(name, (), Grid(), 1)
        inputs = (Port(new.name, EVERYTHING), *waits)
        self._back.append(Operator(name, "Update", "move", inputs, done, role=written))

    def _gradient(self, operator: Operator, m: Matrix, x: Port, delta: Port) -> Tensor:
        """Sum over tokens (and samples) of activation x error: k rows of n elements, group by group."""
        made = Tensor(f"{operator.name}.gradient", (), Grid(1, m.k), m.n * m.groups)
        tokens = operator.output.grid.n_tokens * m.applications
        role = self._role(operator, "gradient", "update")
        if self._plan.gradient_at_once:
            product = Product(m.groups, tokens * self._plan.batch, m.n)
            self._back.append(
                Operator(
                    made.name,
                    "Gradient",
                    "product",
                    (delta, x),
                    made,
                    product=product,
                    role=replace(role, samples=1),
                )
            )
            return made
        product = Product(m.groups, tokens, m.n)
        work = tuple((f, tokens * made.elements) for f in self._plan.gradient_functions)
        summed = _vector(made.name, "Gradient", (delta, x), made, work, role)
        self._back.append(replace(summed, product=product))
        return made

    def _stored(self, tensor: str, user: Operator, before: bool = False) -> str:
        """Name under which the backward pass finds an activation; it is put aside when first asked for."""
        maker = self._network.producer(tensor)
        key = f"{tensor}.input" if before else tensor
        if key not in self._stores:
            is_input = user.matrix is not None and maker.output.name != user.output.name
            of = user.name if is_input else maker.name
            spills = self._plan.storage == "memory"
            role = Role("storage", of, "spill" if spills else "store", self._plan.batch)
            kept = replace(maker.output, name=f"{key}.store")
            self._stores[key] = Operator(kept.name, "Store", "move", (Port(tensor),), kept, role=role)
            if spills:
                loss = next(o for o in self._losses if o.op == "Loss")
                ports = (Port(kept.name), Port(loss.output.name, EVERYTHING))
                back = replace(kept, name=f"{key}.load")
                self._loads[key] = Operator(
                    back.name, "Load", "move", ports, back, role=replace(role, task="load")
                )
        store = self._loads.get(key) or self._stores[key]
        return store.output.name

    def _role(self, operator: Operator, task: Task = "error", phase: TrainingPhase = "backward") -> Role:
        return Role(phase, operator.name, task, self._plan.batch)


def _depends_on_weights(network: Network) -> set[str]:
    """Tensors whose gradient is of use: something before them has weights."""
    found: set[str] = set()
    for o in network.operators:
        if o.matrix is not None or any(p.tensor in found for p in o.inputs):
            found.add(o.output.name)
    return found


def _port(error: Tensor, grid: Grid) -> Port:
    """The same token of an error, or all of it if it lies on another grid."""
    return Port(error.name, Window() if error.grid == grid else EVERYTHING)


def _vector(
    name: str,
    op: str,
    inputs: tuple[Port, ...],
    output: Tensor,
    work: Work,
    role: Role,
    function: str = "",
) -> Operator:
    """A vector operator of several functions."""
    return Operator(
        name,
        op,
        "vector",
        inputs,
        output,
        function=function or work[0][0],
        work=sum(n for _, n in work),
        state_work=work,
        role=role,
    )
