"""Any device file of ``config/devices``, by the schema it says it follows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

from collectors.devices.profile import DeviceProfile, load_profile
from collectors.mbus.profile import MbusProfile, load_mbus_profile
from collectors.mqtt.profile import MqttProfile, load_mqtt_profile
from paes.config_file import read_tree
from paes.errors import ConfigError

AnyProfile: TypeAlias = DeviceProfile | MbusProfile | MqttProfile
"""What a device file can be: a Modbus device, an M-Bus meter, or one that speaks over MQTT."""

_LOADERS: Mapping[str, Callable[[Path], AnyProfile]] = {
    "mbdev/1": load_profile,
    "mbusdev/1": load_mbus_profile,
    "mqttdev/1": load_mqtt_profile,
}


def load_device(path: Path) -> AnyProfile:
    """The device file at ``path``; ConfigError with every problem, each with its line."""
    tree = read_tree(path)
    schema = tree.data.get("schema") if isinstance(tree.data, dict) else None
    load = _LOADERS.get(schema) if isinstance(schema, str) else None
    if load is None:
        raise ConfigError(
            [tree.problem(("schema",), f"expected {' or '.join(_LOADERS)}, seen {schema!r}")]
        )
    return load(path)
