"""Devices that speak when they like, through a broker.

Read ``collectors.mqtt.broker`` first: it alone knows aiomqtt.
"""
