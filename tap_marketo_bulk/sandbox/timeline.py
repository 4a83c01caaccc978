"""When the records of the world come to be."""

from dataclasses import dataclass

from tap_marketo_bulk.sandbox.chance import draw


@dataclass(frozen=True)
class Timeline:
    """Records numbered from 0, each at its own instant, in order of time.

    The first ``count`` are spread over ``history_seconds`` before ``birth``; the others follow it,
    one in every ``gap_seconds`` (0: none follow).
    """

    seed: int
    birth: int
    count: int
    history_seconds: int
    gap_seconds: int

    def instant(self, index: int) -> int:
        """When record ``index`` happens."""
        begin = self._slot(index)
        return begin + draw(self.seed, index) % max(1, self._slot(index + 1) - begin)

    def before(self, instant: int) -> int:
        """The number of leading records that can lie before ``instant``; no later one does."""
        if instant <= self.birth:
            elapsed = max(0, instant - self.birth + self.history_seconds)
            return -(-elapsed * self.count // self.history_seconds)
        if not self.gap_seconds:
            return self.count
        return self.count - (self.birth - instant) // self.gap_seconds

    def _slot(self, index: int) -> int:
        if index < self.count:
            begin = self.birth - self.history_seconds
            return begin + index * self.history_seconds // self.count
        return self.birth + (index - self.count) * self.gap_seconds
