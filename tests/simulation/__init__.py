"""Histories of the tap: many nights of runs, played in seconds, checked against the truth.

A history is a list of steps: a run of the tap with settings, faults and perhaps an interruption, or
time that passes. ``history`` says what a step is and plays the steps: in one process and one
thread, with a simulated clock, and with a transport that hands requests to a sandbox without a
socket. So a history is a function of its steps. ``drawing`` draws the steps from a seed.

Every history ends with a quiet run: no faults, no interruption, the widest settings. Then
``checks`` asks what the tap promises:

- The rows that the target has are those of the subscription: nothing is lost, nothing is stale.
- Nothing is paid twice: no two exports have the same records, except for a reason that is named.
- No bookmark goes back.
- A run without faults and interruptions succeeds, and every failure is one sentence.
- STATE stays small.

The modules::

    transport.py     an adapter of requests that hands requests to the sandbox
    clock.py         the simulated clock
    subscription.py  the data set, and its rows
    target.py        what a target keeps of the messages of a run
    run.py           one run of the tap: settings, faults, interruption
    history.py       steps, and the simulation that plays them
    drawing.py       a history for each seed
    checks.py        what must be true after a history
    payments.py      which exports were paid twice without a reason
    play.py          plays a history and checks it

``python -m tests.simulation --count 1000 --seed 5000`` plays 1,000 histories. A history that fails
prints the line that repeats it. A fault that a history has found becomes a history with a name, in
``test_named_histories.py``.
"""
