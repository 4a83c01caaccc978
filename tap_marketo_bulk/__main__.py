"""``python -m tap_marketo_bulk`` is ``tap-marketo-bulk``."""

from tap_marketo_bulk.tap import TapMarketoBulk

TapMarketoBulk.cli()
