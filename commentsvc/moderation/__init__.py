"""Is this text all right? Pure: no database, no Flask, no clock, no network; engines are handed in."""
