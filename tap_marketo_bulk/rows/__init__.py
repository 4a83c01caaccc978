"""From a verified file to records; knows neither Singer nor HTTP."""
