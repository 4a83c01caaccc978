"""``python -m tap_marketo_bulk`` is ``tap-marketo-bulk``."""

from tap_marketo_bulk.tap import TapMarketoBulk

if __name__ == "__main__":
    TapMarketoBulk.cli()
