"""Compiled functions: found on disk, else compiled by numba and kept there.

numba's own cache needs numba itself, and all it knows of NumPy's functions, before the first call: 0.6 s of
a run that takes one. The code of a function that neither allocates nor raises needs none of it: it is loaded
from an object file by LLVM and called with the addresses of its arrays. Such a file is named by a digest of
all that the code follows from (the sources, the processor, numba), and begins with one of what is in it.

With the environment variable NUMBA_BOUNDSCHECK=1 nothing is kept, and an index outside of its array raises.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import llvmlite
import llvmlite.binding as llvm
import numpy as np

from ..arch.parsed_texts import folder, keep_file

if TYPE_CHECKING:
    from .kernels.sources import Sources

KIND = "machine-code"
"""Folder of the user's cache."""
LIBRARY = frozenset({"exp", "memcpy", "memmove", "memset"})
"""Functions of the system's libraries that code may call: every process has them."""


@dataclass(frozen=True)
class ArrayOf:
    """An argument that is a C-contiguous array."""

    dtype: Any
    ndim: int = 1

    def words(self, value: Any) -> list[Any]:
        """What numba passes: owner and parent (none), items, bytes of one, address, shape, strides."""
        if value.dtype != self.dtype or value.ndim != self.ndim or not value.flags.c_contiguous:
            raise TypeError(f"found {value.dtype} of shape {value.shape}, expected {self}, C-contiguous")
        address = value.__array_interface__["data"][0]
        return [0, 0, value.size, value.itemsize, address, *value.shape, *value.strides]

    @property
    def types(self) -> list[Any]:
        return [ctypes.c_int64] * (5 + 2 * self.ndim)

    def of_numba(self) -> Any:
        import numba

        return numba.types.Array(numba.from_dtype(np.dtype(self.dtype)), self.ndim, "C")


@dataclass(frozen=True)
class TupleOf:
    """An argument that is a named tuple of arrays."""

    kind: type[Any]
    parts: tuple[ArrayOf, ...]

    def words(self, value: Any) -> list[Any]:
        return [word for part, x in zip(self.parts, value, strict=True) for word in part.words(x)]

    @property
    def types(self) -> list[Any]:
        return [kind for part in self.parts for kind in part.types]

    def of_numba(self) -> Any:
        import numba

        named_tuple: Any = numba.types.NamedTuple
        return named_tuple([part.of_numba() for part in self.parts], self.kind)


@dataclass(frozen=True)
class Number:
    """An argument that is an int of 64 bits, or a float."""

    kind: type[int] | type[float]

    def words(self, value: Any) -> list[Any]:
        return [self.kind(value)]

    @property
    def types(self) -> list[Any]:
        return [ctypes.c_int64 if self.kind is int else ctypes.c_double]

    def of_numba(self) -> Any:
        import numba

        return numba.int64 if self.kind is int else numba.float64


Argument = ArrayOf | TupleOf | Number
INT, FLOAT = Number(int), Number(float)


class MachineCode:
    """A function of arrays and numbers, compiled when it is first called, if no process has done so before.

    Parameters
    ----------
    name : str
    arguments : sequence of Argument
    source : callable
        Imports the function, a `kernel`, and returns it. It neither allocates nor raises.
    sources : Sources
        All that it is compiled from.
    returns : bool
        Whether it returns an int of 64 bits, else nothing.
    """

    def __init__(
        self,
        name: str,
        arguments: Sequence[Argument],
        source: Callable[[], Any],
        sources: Sources,
        *,
        returns: bool = False,
    ) -> None:
        self.name, self.arguments, self.returns = name, tuple(arguments), returns
        self._source, self._sources = source, sources

    def __call__(self, *values: Any) -> Any:
        return self._function(*values)

    @cached_property
    def _function(self) -> Callable[..., Any]:
        if os.environ.get("NUMBA_BOUNDSCHECK", "0") != "0":
            return self._checked()
        kept = self._kept()
        if kept is None:
            symbol, code = self._compiled()
            self._keep(symbol, code)
        else:
            symbol, code = kept
        return self._callable(_loaded(symbol, code))

    def _callable(self, address: int) -> Callable[..., Any]:
        """Calls code as numba's compiled functions call each other."""
        types = [kind for argument in self.arguments for kind in argument.types]
        call = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, *types)(address)
        result, error = ctypes.c_int64(), ctypes.c_void_p()
        at, error_at = ctypes.addressof(result), ctypes.addressof(error)
        n = len(self.arguments)

        def function(*values: Any) -> Any:
            if len(values) != n:
                raise TypeError(f"found {len(values)} arguments of {self.name}, expected {n}")
            words = [w for a, x in zip(self.arguments, values, strict=True) for w in a.words(x)]
            if call(at, error_at, *words):
                raise RuntimeError(f"compiled code {self.name} failed")
            return result.value if self.returns else None

        return function

    def _signature(self) -> Any:
        import numba

        result = numba.int64 if self.returns else numba.void
        return result(*(argument.of_numba() for argument in self.arguments))

    def _checked(self) -> Callable[..., Any]:
        """Compiled by numba, which raises for indices outside, and called as it is meant to."""
        from .kernels.record_code import NJIT, OPTIONS

        found: Callable[..., Any] = NJIT(self._signature(), nogil=True, **OPTIONS)(self._source().py_func)
        return found

    def _compiled(self) -> tuple[str, bytes]:
        """The name of the function in its object file, and that file."""
        signature = self._signature()
        dispatcher = self._source()
        dispatcher.compile(signature)
        symbol = dispatcher.overloads[signature.args].fndesc.llvm_func_name
        module = llvm.parse_assembly(dispatcher.inspect_llvm(signature.args))
        self._check(module, symbol)
        return symbol, _machine().emit_object(module)

    def _check(self, module: Any, symbol: str) -> None:
        """Raise if numba's code is called in another way than here, or needs what only numba has."""
        given = [str(a.type) for a in module.get_function(symbol).arguments]
        types = [kind for argument in self.arguments for kind in argument.types]
        words = [(t, {"double": ctypes.c_double}.get(t, ctypes.c_int64)) for t in given[2:]]
        called = {f.name for f in module.functions if f.is_declaration and not f.name.startswith("llvm.")}
        if [kind for _, kind in words] != types or called - LIBRARY:
            raise RuntimeError(
                f"numba compiles {self.name} to a function of ({', '.join(given)}) that calls "
                f"{sorted(called)}; ohmsum knows no numba that does so"
            )

    @cached_property
    def _file(self) -> str:
        form = f"{self.arguments} {self.returns}"
        asked = f"{self.name} {self._sources.digest} {form} {_processor()} {_numba()}"
        return f"{self.name}-{hashlib.sha256(asked.encode()).hexdigest()}.o"

    def _kept(self) -> tuple[str, bytes] | None:
        """The name of the function and the object file; None if there is none that is whole."""
        try:
            digest, _, rest = (folder(KIND) / self._file).read_bytes().partition(b"\n")
        except OSError:
            return None
        if digest != hashlib.sha256(rest).hexdigest().encode():
            return None
        symbol, _, code = rest.partition(b"\n")
        return symbol.decode(), code

    def _keep(self, symbol: str, code: bytes) -> None:
        """Keep code, but not if its sources have changed since they were read."""
        if self._sources.unchanged():
            rest = symbol.encode() + b"\n" + code
            keep_file(self._file, hashlib.sha256(rest).hexdigest().encode() + b"\n" + rest, KIND)


def _machine() -> Any:
    """The processor that code is for; an engine keeps it to itself."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    target = llvm.Target.from_triple(llvm.get_process_triple())
    name, features = llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()
    return target.create_target_machine(cpu=name, features=features, opt=3, jit=True)


_ENGINES: list[Any] = []
"""What holds loaded code for the rest of the process: one for each file, so that no names can clash."""


def _loaded(symbol: str, code: bytes) -> int:
    """Load an object file and return the address of a function in it."""
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _machine())
    _ENGINES.append(engine)
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    address: int = engine.get_function_address(symbol)
    return address


@cache
def _processor() -> str:
    features = llvm.get_host_cpu_features().flatten()
    return f"{llvm.get_process_triple()} {llvm.get_host_cpu_name()} {features}"


@cache
def _numba() -> str:
    """Stands for the version of numba, which is not imported for it."""
    spec = find_spec("numba")
    assert spec is not None
    assert spec.origin is not None
    state = os.stat(spec.origin)
    return f"{llvmlite.__version__} {state.st_size} {state.st_mtime_ns}"
