"""The core: meters and readings, energy, emissions, inventory, plan and progress.

It knows nothing of Modbus (see ``collectors``) or of Dash (see ``dashboard``); only
``paes.cli`` composes all three. Read ``paes.metering`` first, then ``paes.accounting.consumption``.
"""

__version__ = "0.1.0"
