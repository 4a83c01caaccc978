"""What was read, and what a run has to export: pure functions and values.

::

    windows         intervals of time, and the instant at which a run stops reading
    ledger          which intervals were read, of which ids, and what is unread of a goal
    planner         what is unread, and unfinished jobs -> export tasks
    state_format    the state of a stream as JSON in STATE messages
    state_changes   how this state changes when a file was read
    earlier_states  the states that versions 0.1 to 0.3 wrote, as reads
"""
