"""What a technician asks on site: scan, probe, bench, record. Nothing here writes to a device."""
