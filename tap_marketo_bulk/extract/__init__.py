"""From a stretch of time to typed rows; knows neither Singer nor HTTP."""
