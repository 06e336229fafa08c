"""Who gives no sign of life: by the observer's own clock, which no other clock is compared with. Pure."""

from collections.abc import Mapping

_SHORTEST_PAUSE = 3.0
"""An observer looks every second or so: a shorter time between two looks is none that it missed."""


class Silence:
    """How long others' signs have stayed the same. For one thread.

    A sign is anything that changes while its giver lives. `patience`: seconds after which one that did not is silent.
    """

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._seen: dict[str, tuple[object, float]] = {}
        self._looked: float | None = None

    def silent(self, signs: Mapping[str, object], now: float) -> frozenset[str]:
        """Who has given the same sign for too long. `now`: seconds of a clock that never steps back.

        Who did not look for a while (its machine slept, the store could not be reached) begins anew: the others may
        have been kept from giving signs by the same.
        """
        pause = max(self._patience / 2, _SHORTEST_PAUSE)
        known = {} if self._looked is None or now - self._looked > pause else self._seen
        self._looked = now
        self._seen = {
            name: known[name] if name in known and known[name][0] == sign else (sign, now)
            for name, sign in signs.items()
        }
        return frozenset(name for name, (_, since) in self._seen.items() if now - since >= self._patience)
