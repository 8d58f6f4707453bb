"""Whose a number of a supply point is, and what is said when it is nobody's."""

# ruff: noqa: E501 - messages are asserted in full, one on a line

from __future__ import annotations

import pytest
from small_installation import SmallInstallation

from paes.config import load_installation
from paes.errors import DataError
from paes.imports.batch import Context
from paes.imports.supply_points import meter_of_pdr, meter_of_pod, plain_pod
from paes.metering import Evidence, Measures


@pytest.fixture
def context(town: SmallInstallation) -> Context:
    installation = load_installation(town.root)
    return Context(installation, installation.city())


@pytest.mark.parametrize(
    "text",
    [
        "IT001E12345678",
        "it001e12345678",
        " IT 001 E 1234 5678 ",
        "IT-001-E-12345678",
        "IT001E12345678Z",
    ],
)
def test_a_pod_is_read_as_people_write_it(context: Context, text: str) -> None:
    assert plain_pod(text) == "IT001E12345678"
    assert meter_of_pod(context, text).id == "scuola.main"


def test_of_two_meters_with_one_pod_the_direction_tells(context: Context) -> None:
    assert meter_of_pod(context, "IT001E87654321").id == "molo.luce"
    assert meter_of_pod(context, "IT001E87654321", Measures.FEED_IN).id == "molo.cessione"


def test_letters_typed_for_digits_lead_to_the_meter_that_is_meant(
    context: Context,
) -> None:
    """Three of fourteen signs are others, which is more than a typing error elsewhere may have."""
    with pytest.raises(DataError, match=r"nearest is IT001E12345678 of scuola\.main: a typing"):
        meter_of_pod(context, "IT001EI234S67B")


def test_a_pdr_is_read_as_people_write_it(context: Context) -> None:
    assert meter_of_pdr(context, "0088 1111 2222 33").id == "scuola.metano"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("IT001E1234567", "POD 'IT001E1234567' is not well-formed; expected IT, 3 digits, E and 8 characters, such as IT001E12345678"),
        ("IT001E12345687", "POD IT001E12345687 is of no meter; nearest is IT001E12345678 of scuola.main: a typing error?"),
        ("IT001E12345O78", "POD IT001E12345O78 is of no meter; nearest is IT001E12345678 of scuola.main: a typing error?"),
        ("IT045E99990000", "POD IT045E99990000 is of no meter; expected the POD of a meter in meters.yaml"),
    ],
)  # fmt: skip
def test_a_pod_that_nobody_has_is_told_with_the_nearest(
    context: Context, text: str, message: str
) -> None:
    with pytest.raises(DataError) as error:
        meter_of_pod(context, text)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0088111122223", "PDR '0088111122223' is not well-formed; expected 14 digits"),
        ("00881111222234", "PDR 00881111222234 is of no meter; nearest is 00881111222233 of scuola.metano: a typing error?"),
    ],
)  # fmt: skip
def test_a_pdr_that_nobody_has_is_told_with_the_nearest(
    context: Context, text: str, message: str
) -> None:
    with pytest.raises(DataError) as error:
        meter_of_pdr(context, text)
    assert str(error.value) == message


def test_of_several_that_fit_the_one_that_brings_such_figures_is_meant(
    town: SmallInstallation,
) -> None:
    """The same POD read in the field, by its load curve, and twice by its bills."""
    meters = "cities/porto/meters.yaml"
    more = "".join(
        f"  - {{id: scuola.{name}, carrier: electricity, pod: IT001E12345678, brings: {brings}}}\n"
        for name, brings in (
            ("curva", "intervals"),
            ("bollette", "amounts"),
            ("vecchie", "amounts"),
        )
    )
    town.write({meters: (town.root / meters).read_text() + more})
    installation = load_installation(town.root)
    context = Context(installation, installation.city())
    curve = meter_of_pod(context, "IT001E12345678", evidence=Evidence.INTERVALS)
    assert curve.id == "scuola.curva"
    with pytest.raises(DataError) as error:
        meter_of_pod(context, "IT001E12345678", evidence=Evidence.AMOUNTS)
    assert str(error.value) == (
        "POD IT001E12345678 is of several meters (scuola.bollette (withdrawal), scuola.vecchie"
        " (withdrawal)); say which with --meter"
    )
    named = Context(installation, installation.city(), meter="scuola.vecchie")
    assert meter_of_pod(named, "IT001E12345678", evidence=Evidence.AMOUNTS).id == "scuola.vecchie"
