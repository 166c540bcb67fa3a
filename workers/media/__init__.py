"""Opening media that may be broken or hostile, and metering their sound: what finish and measure share."""
