"""From the wire to readings: device profiles, gateways, schedule, simulator.

Knows the core's types and configuration; never the plan, the inventory or the page. Read
``collectors.modbus.gateway`` first: one asyncio task owns one connection.
"""
