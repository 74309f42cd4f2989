"""What every layer shares: config, knobs, events, metric catalogue, bus, series, results, errors."""
