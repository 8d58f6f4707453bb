"""Heat and water meters on an M-Bus, behind a transparent level converter.

Read ``collectors.mbus.task`` first; only ``frames`` knows pyMeterBus.
"""
