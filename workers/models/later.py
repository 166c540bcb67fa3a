"""What libraries import on their way, and a process that paints has no use for, comes when it is used: half of the time to a
first picture was imports.

Stood in for, and nothing else: torch's compiler (1.4 s of a core; compiling fetches it), scipy (statistics of schedulers that no
row has, losses of training), boto3 (a dialogue of accelerate's) and onnxruntime (another kind of pipelines). Whoever uses a name
of them gets the real one.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import importlib.util
import sys
import threading
import types
from collections.abc import Callable, Iterator, Sequence
from importlib.machinery import ModuleSpec
from typing import Any

_COMPILER = "torch._dynamo"
_SPARED = ("scipy", "boto3", "onnxruntime")
_LIGHT = (f"{_COMPILER}._trace_wrapped_higher_order_op",)
"""Parts of the compiler that transformers takes a name from, and that need nothing of it."""


def alone() -> None:
    """Have torch say for good that it works in one process, as builds without `torch.distributed` do: libraries then leave out
    all that spreads a model over many (0.7 s of a core). No process of this farm does.
    """
    import torch

    torch.distributed.is_available = lambda: False


@contextlib.contextmanager
def spared(names: Sequence[str] = _SPARED) -> Iterator[None]:
    """Within it packages that are not there yet are stood in for when they are imported; names taken from them are fetched when
    they are called, looked into, or made a class of. Afterwards importing them gives the real ones.
    """
    finder = _Standing({name for name in names if name not in sys.modules})
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        for name in list(finder.names):
            finder.leave(name)


def compiler_later() -> None:
    """Stand in for torch's compiler until something compiles. Nothing happens where it is there already."""
    import torch

    if _COMPILER not in sys.modules and (spec := importlib.util.find_spec(_COMPILER)) is not None:
        standing = sys.modules[_COMPILER] = torch._dynamo = _Compiler(spec)
        sys.meta_path.insert(0, _Parts(standing))


class _Name:
    """A name of a package that is fetched when it is used."""

    def __init__(self, module: str, name: str, finder: _Standing) -> None:
        self.__dict__ |= {"_module": module, "_name": name, "_finder": finder}

    def _real(self) -> Any:
        self._finder.leave(self._module.partition(".")[0])
        return getattr(importlib.import_module(self._module), self._name)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self._real(), name)

    def __call__(self, *given: Any, **named: Any) -> Any:
        return self._real()(*given, **named)

    def __instancecheck__(self, one: Any) -> bool:
        return isinstance(one, self._real())

    def __mro_entries__(self, _: tuple[Any, ...]) -> tuple[Any, ...]:
        return (self._real(),)


class _Stands(types.ModuleType):
    def __init__(self, name: str, finder: _Standing) -> None:
        super().__init__(name)
        self._finder = finder

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Name(self.__name__, name, self._finder)


class _Standing:
    """Finds modules of the packages named; whatever is made of them is empty."""

    def __init__(self, names: set[str]) -> None:
        self.names = names
        self._made: list[types.ModuleType] = []
        self._one_at_a_time = threading.Lock()

    def leave(self, package: str) -> None:
        """Stand in for it no more: who imports it from now on gets the real one."""
        with self._one_at_a_time:
            self.names.discard(package)
            for module in self._made:
                if module.__name__.partition(".")[0] == package and sys.modules.get(module.__name__) is module:
                    del sys.modules[module.__name__]

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        del path, target
        return ModuleSpec(name, self, is_package=True) if name.partition(".")[0] in self.names else None  # type: ignore[arg-type]  # it does what a loader does

    def create_module(self, spec: ModuleSpec) -> types.ModuleType:
        self._made.append(_Stands(spec.name, self))
        return self._made[-1]

    def exec_module(self, module: types.ModuleType) -> None:
        """There is nothing in it."""


class _Compiled:
    """Of what is an instance once something was compiled: nothing, so far."""


class _Compiler(types.ModuleType):
    """`torch._dynamo`, as far as it is asked for while libraries are imported: marks on functions, which the real one gets when
    it comes, and whether a network was compiled, which is no until then. Any other name fetches it.
    """

    def __init__(self, spec: ModuleSpec) -> None:
        super().__init__(_COMPILER)
        self.__spec__, self.__path__ = spec, list(spec.submodule_search_locations or ())
        self.eval_frame = types.SimpleNamespace(OptimizedModule=_Compiled)
        self._marks: list[tuple[str, Any]] = []
        self._real: Any = None
        self._once = threading.RLock()

    def allow_in_graph(self, given: Any) -> Any:
        """See torch.compiler."""
        return self._marked("allow_in_graph", given)

    def assume_constant_result(self, given: Any) -> Any:
        """See torch.compiler."""
        return self._marked("assume_constant_result", given)

    def disable(self, given: Any = None, recursive: bool = True, **named: Any) -> Any:
        """See torch.compiler. A function stays itself as long as nothing compiles."""
        if self._real is not None or not isinstance(given, types.FunctionType | types.NoneType):
            return self.real().disable(given, recursive, **named)
        if given is None:
            return lambda function: self.disable(function, recursive, **named)
        function: Callable[..., Any] = given
        disabled: list[Callable[..., Any]] = []

        @functools.wraps(function)
        def called(*args: Any, **words: Any) -> Any:
            if self._real is None:
                return function(*args, **words)
            if not disabled:
                disabled.append(self._real.disable(function, recursive, **named))
            return disabled[0](*args, **words)

        return called

    def real(self) -> Any:
        """The compiler itself, in this one's place."""
        with self._once:
            if self._real is None:
                import torch

                if sys.modules.get(_COMPILER) is self:
                    del sys.modules[_COMPILER]
                if torch.__dict__.get("_dynamo") is self:
                    del torch._dynamo
                module = importlib.import_module(_COMPILER)
                for name, given in self._marks:
                    getattr(module, name)(given)
                self._real = module
            return self._real

    def _marked(self, name: str, given: Any) -> Any:
        if self._real is not None:
            return getattr(self._real, name)(given)
        self._marks.append((name, given))
        return given

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.real(), name)


class _Parts:
    """Modules of the compiler's: the compiler is fetched first, and has them."""

    def __init__(self, standing: _Compiler) -> None:
        self._standing = standing

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        del path, target
        if not name.startswith(f"{_COMPILER}.") or name in _LIGHT or sys.modules.get(_COMPILER) is not self._standing:
            return None
        self._standing.real()
        found = sys.modules.get(name)
        return None if found is None else ModuleSpec(name, _Given(found))  # type: ignore[arg-type]  # as above


class _Given:
    """Loads a module that is there."""

    def __init__(self, module: types.ModuleType) -> None:
        self._module, self._spec = module, module.__spec__

    def create_module(self, _: ModuleSpec) -> types.ModuleType:
        return self._module

    def exec_module(self, module: types.ModuleType) -> None:
        module.__spec__ = self._spec
