"""Export jobs in Marketo, from their creation to their verified files.

::

    loop       the jobs of a run: takes the next due step, one after the other, in one thread
    job_table  the jobs of a run: planned, begun and read
    schedule   which step is next: a pure decision over the states of the jobs
    steps      create, enqueue, poll, download: each makes its calls and returns the next state
    job        the state of one job as a value, and what errors mean for it
    lost_jobs  jobs of earlier runs that STATE lacks, found by a tag in their files
    quota      the daily export quota: its days, its use, estimates of new jobs
    progress   the texts that a run logs of its jobs
"""
