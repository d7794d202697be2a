"""How a ratio is measured: the two in turn, many times, and the median of the pairs."""

import gc
import math
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Result:
    """One benchmark: median seconds of ours and of the bare limit, and their ratio."""

    name: str
    ours: float
    bare: float
    ratio: float
    limit: float
    #: Seconds that ours may take at most, whatever the bare limit takes.
    most: float = math.inf

    @property
    def is_kept(self) -> bool:
        """Tell whether the ratio, and the seconds if they are limited, are within their limits."""
        return self.ratio <= self.limit and self.ours <= self.most

    def line(self) -> str:
        """Write the result as one line of the report."""
        verdict = "kept" if self.is_kept else "TOO SLOW"
        most = "" if math.isinf(self.most) else f"and {self.most * 1000:.0f} ms  "
        return (
            f"{self.name:<58} {self.ours * 1000:>9.2f} ms  bare {self.bare * 1000:>9.2f} ms  "
            f"ratio {self.ratio:>5.2f}  limit {self.limit:.2f}  {most}{verdict}"
        )


def compared(
    name: str,
    limit: float,
    ours: Callable[[], object],
    bare: Callable[[], object],
    rounds: int,
    most: float = math.inf,
) -> Result:
    """Time ``ours`` and ``bare`` in turn; the ratio is the median over the pairs.

    A machine that slows down during a run slows both halves of a pair, so the ratio holds where
    the seconds do not. The first tenth warms up and is not counted.
    """
    pairs: list[tuple[float, float]] = []
    warm_up = max(1, rounds // 10)
    for position in range(rounds + warm_up):
        pair = (_seconds(ours), _seconds(bare))
        if position >= warm_up:
            pairs.append(pair)
    ratio = statistics.median(one / other for one, other in pairs)
    return Result(
        name,
        statistics.median(one for one, _other in pairs),
        statistics.median(other for _one, other in pairs),
        ratio,
        limit,
        most,
    )


def _seconds(act: Callable[[], object]) -> float:
    gc.collect(0)
    start = time.perf_counter()
    act()
    return time.perf_counter() - start
