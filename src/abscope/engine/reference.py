"""The slow readable reference: the rules of the declaration as they stand, on NumPy and SciPy.

No trace, no printing, no compiled code: what the tests hold the kernels against. It takes the same
batch, and shares with the fast path only the reading of the batch into numbers and stops. For
thousands of members the rates, and they alone, can be those of a kernel of plain doubles.
"""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abscope.engine.batch import Batch
from abscope.engine.compiling import Compiled
from abscope.engine.declaration import System
from abscope.engine.setup import Arrays, arrays_of
from abscope.engine.stops import stops_of
from abscope.engine.tables import END, OBSERVE, SET_OWN, SET_SHARED, Stops
from abscope.errors import EngineError

__all__ = ["reference"]

_Floats = NDArray[np.float64]


def reference(
    system: System,
    batch: Batch,
    *,
    method: str = "LSODA",
    rtol: float = 1e-10,
    atol: float = 1e-12,
    compiled: Compiled | None = None,
) -> dict[str, _Floats]:
    """Return the observables by name, as ``simulate`` shapes them; one member after the other.

    ``atol`` is a fraction of the scale of each state. ``compiled`` is the system on plain doubles:
    its rates stand in for the rules where time matters; at every stop they are compared with the
    rules, to 1e-9 of the largest state or rate per day. Raises EngineError as ``simulate`` does,
    and RuntimeError where SciPy cannot go on or the rates do not agree.
    """
    arrays, states, shared, own = arrays_of(system, batch)
    stops = stops_of(arrays)
    if arrays.problems:
        raise EngineError(arrays.problems)
    times = arrays.observe_at.shape
    found = {o.name: np.full(times, np.nan) for o in system.body.observables}
    if system.replicate:
        shape = (*times, arrays.most)
        found |= {o.name: np.full(shape, np.nan) for o in system.replicate.observables}
    for b in range(arrays.members):
        member = _Member(arrays, b, states[b], shared[b], own[b])
        member.kernel = None if compiled is None else compiled.kernel()
        member.run(stops, found, (method, rtol, atol))
    return found


class _Member:
    """One member: names to numbers, rates, jumps and observables, straight from the rules."""

    def __init__(
        self, arrays: Arrays, b: int, states: _Floats, shared: _Floats, own: _Floats
    ) -> None:
        self.system, self.arrays, self.b = arrays.system, arrays, b
        body, replicate = self.system.body, self.system.replicate
        self.n = int(arrays.count[b])
        self.body_names = [s.name for s in body.states]
        self.shared_names = [q.name for q in (*body.parameters, *body.inputs)]
        self.state_names = [s.name for s in replicate.states] if replicate else []
        self.own_names = (
            [q.name for q in (*replicate.parameters, *replicate.inputs)] if replicate else []
        )
        self.y = states[: len(self.body_names) + self.n * len(self.state_names)].copy()
        self.shared = shared.copy()
        self.own = own.reshape(arrays.most, -1)[: self.n].copy() if replicate else np.zeros((0, 0))
        self.kernel: Any = None

    def spaces(self, y: _Floats) -> tuple[SimpleNamespace, SimpleNamespace, SimpleNamespace]:
        """Return x (arrays over the replicates), body and p."""
        size = len(self.body_names)
        body = dict(zip(self.body_names, y[:size].tolist(), strict=True))
        table = y[size:].reshape(self.n, len(self.state_names))
        x = dict(zip(self.state_names, table.T, strict=True))
        x |= dict(zip(self.own_names, self.own.T, strict=True))
        p = dict(zip(self.shared_names, self.shared.tolist(), strict=True))
        return SimpleNamespace(**x), SimpleNamespace(**body), SimpleNamespace(**p)

    def _totals(self, x: Any, body: Any, p: Any) -> tuple[dict[str, Any], SimpleNamespace]:
        replicate = self.system.replicate
        if replicate is None:
            return {}, SimpleNamespace()
        names = [total.name for total in replicate.totals]
        if self.n == 0:
            return {}, SimpleNamespace(**dict.fromkeys(names, 0.0))
        rates = dict(replicate.rates(x, body, p))
        sums = {name: float(np.sum(self._wide(rates[name]))) for name in names}
        return rates, SimpleNamespace(**sums)

    def _wide(self, value: Any) -> _Floats:
        return np.broadcast_to(np.asarray(value, float), (self.n,))

    def rates(self, _time: float, y: _Floats) -> _Floats:
        """Return the rate of every state."""
        x, body, p = self.spaces(y)
        own, total = self._totals(x, body, p)
        shared = self.system.body.rates(body, total, p)
        out = np.empty_like(y)
        size = len(self.body_names)
        out[:size] = [shared[name] for name in self.body_names]
        for k, name in enumerate(self.state_names if self.n else []):
            out[size + k :: len(self.state_names)] = own[name]
        return out

    def compiled_rates(self) -> Callable[[float, _Floats], _Floats]:
        """Return the rates of the kernel at the parameters of now, compared with the rules."""
        kernel, n, most = self.kernel, self.n, self.arrays.most
        q = np.zeros(max(most * self.own.shape[1], 1))
        q[: self.own.size] = self.own.reshape(-1)
        p = np.zeros(kernel.FIXED + kernel.FIXED_OWN * most)
        p[: len(self.shared)] = self.shared
        kernel.derive(p, q, n, 0)
        here = np.ones(max(most, 1))

        def rates(_time: float, y: _Floats) -> _Floats:
            dy = np.zeros_like(y)  # kernels of Rosenbrock methods add to it
            kernel.rates(y, dy, p, q, here, n)
            return dy

        ruled = self.rates(0.0, self.y)
        off = np.abs(rates(0.0, self.y) - ruled).max(initial=0.0)
        if not off <= 1e-9 * (np.abs(ruled) + np.abs(self.y)).max(initial=0.0):
            raise RuntimeError(f"member {self.b}: compiled rates differ from the rules by {off:g}")
        return rates

    def run(self, stops: Stops, found: dict[str, _Floats], how: tuple[str, float, float]) -> None:
        """Integrate from stop to stop and write the observables."""
        time = float(self.arrays.start[self.b])
        for k in range(stops.first[self.b], stops.first[self.b + 1]):
            if stops.time[k] > time:
                self._integrate(time, float(stops.time[k]), how)
                time = float(stops.time[k])
            kind, ref = int(stops.kind[k]), int(stops.ref[k])
            if kind == OBSERVE:
                self._observe(found, ref)
            elif kind == SET_SHARED:
                self.shared[ref] = stops.value[k]
            elif kind == SET_OWN:
                self.own.reshape(-1)[ref] = stops.value[k]
            elif kind != END:
                self._jump(kind, stops.data[ref:])

    def _integrate(self, start: float, end: float, how: tuple[str, float, float]) -> None:
        from scipy.integrate import solve_ivp

        replicate = self.system.replicate
        declared = [*self.system.body.states, *((replicate.states if replicate else ()) * self.n)]
        scale = np.array([state.scale for state in declared])
        method, rtol, atol = how
        rates = self.rates if self.kernel is None else self.compiled_rates()
        result = solve_ivp(rates, (start, end), self.y, method=method, rtol=rtol, atol=atol * scale)
        if not result.success:
            raise RuntimeError(f"member {self.b} at {result.t[-1]:g}: {result.message}")
        self.y = result.y[:, -1]

    def _observe(self, found: dict[str, _Floats], number: int) -> None:
        x, body, p = self.spaces(self.y)
        rules, replicate = self.system.body, self.system.replicate
        if rules.observe is not None:
            _, total = self._totals(x, body, p)
            for name, value in rules.observe(body, total, p).items():
                found[name][self.b, number] = value
        if replicate is not None and replicate.observe is not None and self.n:
            for name, value in replicate.observe(x, body, p).items():
                found[name][self.b, number, : self.n] = value

    def _jump(self, kind: int, data: _Floats) -> None:
        event = self.system.events[kind]
        x, body, p = self.spaces(self.y)
        size, count = len(event.fields), len(event.replicate_fields)
        e = {field.name: float(data[k]) for k, field in enumerate(event.fields)}
        table = data[size : size + count * self.n].reshape(self.n, count)
        every = e | {field.name: table[:, k] for k, field in enumerate(event.replicate_fields)}
        after = self.y.copy()
        if event.body is not None:
            for name, value in event.body(body, p, SimpleNamespace(**e)).items():
                after[self.body_names.index(name)] = value
        if event.replicate is not None and self.n:
            changed = event.replicate(x, body, p, SimpleNamespace(**every))
            for name, value in changed.items():
                first = len(self.body_names) + self.state_names.index(name)
                after[first :: len(self.state_names)] = value
        self.y = after
