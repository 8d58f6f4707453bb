"""What every test of the simulator starts from."""

from __future__ import annotations

import pytest
from small_town import make_town

from collectors.simulator.parameters import Parameters, load_parameters
from paes.installation import Installation
from paes.shipped_files import shipped_config


@pytest.fixture(scope="session")
def parameters() -> Parameters:
    return load_parameters(shipped_config() / "simulator.yaml")


@pytest.fixture(scope="session")
def installation() -> Installation:
    return make_town()
