"""Randomness that depends on nothing but its arguments.

Every value of the sandbox's world is drawn from the seed and its own coordinates, so it is the same
in whatever order, and however often, it is asked for.
"""

_MASK = (1 << 64) - 1


def draw(*parts: int) -> int:
    """64 bits that look random and are the same for the same ``parts`` for ever."""
    # The multipliers are those of splitmix64.
    state = 0x9E3779B97F4A7C15
    for part in parts:
        state = ((state ^ part) * 0xBF58476D1CE4E5B9) & _MASK
        state ^= state >> 29
    state = (state * 0x94D049BB133111EB) & _MASK
    return state ^ (state >> 32)


def mix(one: int, other: int) -> int:
    """As ``draw`` for two parts of which the first is drawn itself: cheaper."""
    state = ((one ^ other) * 0xBF58476D1CE4E5B9) & _MASK
    state = ((state ^ (state >> 31)) * 0x94D049BB133111EB) & _MASK
    return state ^ (state >> 32)
