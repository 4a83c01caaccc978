"""Plausible activities: emails are sent, delivered, opened and clicked, pages are visited.

A journey is a sequence of activities of one lead. All instants are epoch seconds.
"""

from collections.abc import Callable

from tap_marketo_bulk.sandbox.data.random_values import combine_bits, random_bits

Journey = list[tuple[int, int]]
"""Activity type ids, each with the seconds since the first activity."""

MAX_JOURNEY_SECONDS = 2 * 86_400
_HOUR = 3600
_VISIT, _FORM, _CLICK_LINK = 1, 2, 3
_SEND, _DELIVERED, _BOUNCED, _OPEN, _CLICK = 6, 7, 8, 10, 11
_DATA_VALUE, _SCORE, _ADD_TO_LIST, _REMOVE_FROM_LIST = 13, 22, 24, 25
_MOMENT, _PROGRAM_STATUS, _PREFERENCE_CENTER = 46, 104, 160
EMAIL_TYPES = frozenset({_SEND, _DELIVERED, _BOUNCED, _OPEN, _CLICK})


class RandomDraws:
    """Pseudo-random numbers, one after the other; the same ``parts`` give the same numbers."""

    def __init__(self, *parts: int) -> None:
        self._bits = random_bits(*parts)
        self._count = 0

    def bits(self) -> int:
        """64 pseudo-random bits."""
        self._count += 1
        return combine_bits(self._bits, self._count)

    def below(self, limit: int) -> int:
        """A number from 0, below ``limit``."""
        return self.bits() % limit

    def is_drawn(self, percent: int) -> bool:
        """Whether something happens that happens in so many cases of a hundred."""
        return self.below(100) < percent


def _email(draws: RandomDraws) -> Journey:
    if draws.is_drawn(3):
        return [(_SEND, 0), (_BOUNCED, 2 + draws.below(20))]
    journey = [(_SEND, 0), (_DELIVERED, 1 + draws.below(30))]
    if not draws.is_drawn(38):
        return journey
    # Most people open an email soon, or not at all.
    opened = 60 + draws.below(1 + draws.below(30 * _HOUR))
    journey.append((_OPEN, opened))
    if draws.is_drawn(30):
        clicked = opened + 5 + draws.below(120)
        journey += [(_CLICK, clicked), (_VISIT, clicked + 1 + draws.below(3))]
        if draws.is_drawn(50):
            journey.append((_SCORE, clicked + 4 + draws.below(20)))
    return journey


def _visits(draws: RandomDraws) -> Journey:
    journey, seconds = [(_VISIT, 0)], 0
    for _ in range(draws.below(4)):
        seconds += 15 + draws.below(200)
        journey.append((_VISIT, seconds))
    if draws.is_drawn(35):
        journey.append((_CLICK_LINK, seconds + 5 + draws.below(60)))
    return journey


def _form(draws: RandomDraws) -> Journey:
    filled = 20 + draws.below(300)
    journey = [(_VISIT, 0), (_FORM, filled), (_DATA_VALUE, filled + 1), (_SCORE, filled + 2)]
    if draws.is_drawn(60):
        journey.append((_PROGRAM_STATUS, filled + 3 + draws.below(5)))
    return journey


def _list(draws: RandomDraws) -> Journey:
    journey = [(_ADD_TO_LIST, 0)]
    if draws.is_drawn(30):
        journey.append((_REMOVE_FROM_LIST, _HOUR + draws.below(40 * _HOUR)))
    return journey


def _single(*type_ids: int) -> Callable[[RandomDraws], Journey]:
    return lambda draws: [(type_ids[draws.below(len(type_ids))], 0)]


def _moment(draws: RandomDraws) -> Journey:
    return [(_VISIT, 0), (_VISIT, 30 + draws.below(90)), (_MOMENT, 130 + draws.below(20))]


class JourneyTable:
    """Draws journeys; ``custom_type_ids`` are the ids of the custom activity types."""

    def __init__(self, custom_type_ids: tuple[int, ...]) -> None:
        # How many journeys in a hundred are of each kind.
        kinds = (
            (54, _email),
            (16, _visits),
            (6, _form),
            (8, _single(_DATA_VALUE)),
            (4, _single(_PROGRAM_STATUS)),
            (5, _list),
            (2, _moment),
            (4, _single(*custom_type_ids)),
            (1, _single(_PREFERENCE_CENTER)),
        )
        self._journeys = tuple(draw for count, draw in kinds for _ in range(count))

    def draw(self, draws: RandomDraws) -> Journey:
        """A journey; it lasts at most ``MAX_JOURNEY_SECONDS``."""
        return self._journeys[draws.below(len(self._journeys))](draws)
