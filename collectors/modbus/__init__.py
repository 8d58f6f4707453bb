"""Devices that are asked by Modbus: plan, connection, one task a gateway, SunSpec, identity.

Read ``collectors.modbus.gateway`` first; only ``connection`` knows pymodbus.
"""
