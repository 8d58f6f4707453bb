"""The store on an InfluxDB server of any generation from 1.8 to 3.

``store`` is the store itself and draws its layout; ``writing`` keeps its promises without
transactions; ``reading``, ``events`` and ``rollups`` ask ``questions`` in InfluxQL; ``lines`` is
line protocol. Below them ``link`` is the only way to a server (``address``, ``answers``);
``setup`` prepares one, ``check`` says what is wrong with one.
"""
