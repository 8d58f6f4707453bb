"""Telegrams of real M-Bus meters, and what another program reads in them.

The bytes are those of libmbus (github.com/rscada/libmbus, ``test/test-frames``, BSD licence:
``mbus_telegrams.LICENSE.txt``); the numbers are what libmbus prints for them, in its own units (Wh,
J, m^3, W, m^3/h, degC, K, s).
"""

from __future__ import annotations

from typing import NamedTuple


class Said(NamedTuple):
    """One record, as libmbus prints it."""

    quantity: str
    value: float
    storage: int = 0
    tariff: int = 0
    subunit: int = 0
    function: str = "instantaneous"


class Meant(NamedTuple):
    """One telegram: head, number of records, and those of interest by their place."""

    identification: str
    manufacturer: str
    medium: int
    access_number: int
    status: int
    count: int
    more_follow: bool
    records: dict[int, Said]


KAMSTRUP_MULTICAL_601 = bytes.fromhex(
    "68 F7 F7 68 08 11 72 17 58 85 06 2D 2C 08 04 04 00 00 00 0C 78 17 58 85 06 04 06 E7 91 "
    "00 00 04 14 2C DB 00 00 04 22 D9 03 00 00 04 59 B9 27 00 00 04 5D 08 12 00 00 04 61 B1 "
    "15 00 00 04 2D 5B 01 00 00 14 2D C0 01 00 00 04 3B 1F 02 00 00 14 3B 74 02 00 00 84 10 "
    "06 00 00 00 00 84 20 06 00 00 00 00 84 40 14 00 00 00 00 84 80 40 14 00 00 00 00 84 C0 "
    "40 06 00 00 00 00 04 6D 1A 2F 65 11 44 06 51 82 00 00 44 14 B2 C3 00 00 54 2D 26 02 00 "
    "00 54 3B 03 04 00 00 C4 10 06 00 00 00 00 C4 20 06 00 00 00 00 C4 40 14 00 00 00 00 C4 "
    "80 40 14 00 00 00 00 C4 C0 40 06 00 00 00 00 42 6C 5F 1C 0F 00 00 00 00 E7 E4 00 00 63 "
    "66 00 00 00 00 00 00 00 00 00 00 00 00 00 00 5B C9 A5 02 34 53 00 00 E0 B2 03 00 89 9C "
    "68 00 00 00 00 00 01 00 01 07 07 09 01 03 00 00 00 00 00 98 16"
)
ITRON_CF_51 = bytes.fromhex(
    "68 64 64 68 08 06 72 85 51 15 11 77 04 0A 0D 1B 10 00 00 0C 78 85 51 15 11 04 06 00 00 "
    "00 00 0C 14 00 00 00 00 3B 2D 99 99 99 0B 3B 00 00 00 3A 5A 99 99 3A 5E 99 99 3B 61 99 "
    "99 99 04 6D 18 0D 98 11 02 27 68 00 09 FD 0E 11 09 FD 0F 26 8C C0 00 16 21 03 00 00 8C "
    "80 40 14 23 01 00 00 04 86 3C 00 00 00 00 0F 03 20 85 16"
)
EFE_SENSOSTAR_2 = bytes.fromhex(
    "68 A1 A1 68 08 00 72 45 33 08 24 C5 14 00 04 66 27 00 00 04 78 91 7B 6F 01 04 6D 17 2E "
    "CC 13 04 15 00 00 00 00 44 15 00 00 00 00 84 01 15 00 00 00 00 04 06 00 00 00 00 44 06 "
    "00 00 00 00 84 01 06 00 00 00 00 84 10 06 00 00 00 00 C4 10 06 00 00 00 00 84 11 06 00 "
    "00 00 00 42 6C BF 1C 02 6C DF 1C 84 20 06 00 00 00 00 84 30 06 00 00 00 00 04 3B 00 00 "
    "00 00 14 3B 19 00 00 00 04 2B 00 00 00 00 14 2B 0B 00 00 00 02 5B 16 00 02 5F 15 00 04 "
    "61 09 00 00 00 02 23 0C 02 01 FD 17 00 04 90 28 0B 00 00 00 EB 16"
)
ENGELMANN_SENSOSTAR2C = bytes.fromhex(
    "68 A6 A6 68 08 03 72 10 00 38 10 C5 14 01 04 1E 00 00 00 04 78 EA 62 9E 00 04 6D 32 14 "
    "86 16 04 15 81 00 00 00 04 FB 00 08 00 00 00 84 20 FB 00 00 00 00 00 84 30 FB 00 00 00 "
    "00 00 04 3D 00 00 00 00 04 2D 00 00 00 00 02 5B 5F 00 02 5F 2B 00 04 61 8A 14 00 00 02 "
    "27 FA 01 01 FD 17 00 04 90 28 A0 86 01 00 42 6C 7F 1C 44 15 81 00 00 00 44 FB 00 08 00 "
    "00 00 C4 20 FB 00 00 00 00 00 C4 30 FB 00 00 00 00 00 82 01 6C 5F 1C 84 01 15 54 00 00 "
    "00 84 01 FB 00 05 00 00 00 84 21 FB 00 00 00 00 00 84 31 FB 00 00 00 00 00 B7 16"
)
METRONA_ULTRAHEAT_XS = bytes.fromhex(
    "68 F8 F8 68 08 64 72 54 00 81 01 A7 32 02 04 0F 10 00 00 09 74 04 09 70 04 0C 06 69 99 "
    "01 00 0C 14 18 92 64 02 0B 2E 00 00 00 0B 3B 00 00 00 0A 5B 00 00 0A 5F 00 00 0A 62 00 "
    "00 4C 14 18 92 64 02 4C 06 69 99 01 00 0C 78 54 00 11 65 89 10 71 60 9B 10 2D 16 03 00 "
    "DB 10 2D 16 03 00 9B 10 3B 20 88 00 9A 10 5B 44 00 9A 10 5F 40 00 0C 22 67 00 07 00 3C "
    "22 09 16 05 00 7C 22 17 78 04 00 42 6C 01 01 8C 20 06 00 00 00 00 8C 30 06 00 00 00 00 "
    "8C 80 10 06 00 00 00 00 CC 20 06 00 00 00 00 CC 30 06 00 00 00 00 CC 80 10 06 00 00 00 "
    "00 9A 11 5B 36 00 9A 11 5F 40 00 9B 11 3B 00 00 00 9B 11 2D 00 00 00 BC 01 22 65 14 05 "
    "00 8C 01 06 69 99 01 00 8C 21 06 00 00 00 00 8C 31 06 00 00 00 00 8C 81 10 06 00 00 00 "
    "00 8C 01 14 18 92 64 02 04 6D 26 00 87 16 0F 03 02 00 00 23 46 16"
)
LANDIS_GYR_ULTRAHEAT_T230 = bytes.fromhex(
    "68 E2 E2 68 08 00 72 05 02 66 66 A7 32 07 04 01 10 00 00 09 74 04 09 70 08 0C 06 00 00 "
    "00 00 0C 14 00 00 00 00 0B 2D 00 00 00 0B 3B 00 00 00 0B 5A 95 01 00 0B 5E 97 01 00 0B "
    "62 02 00 F0 0C 78 05 02 66 66 89 10 71 07 3C 22 69 37 00 00 0C 22 69 37 00 00 0C 26 00 "
    "00 00 00 8C 90 10 06 00 00 00 00 9B 10 2D 00 00 00 9B 10 3B 00 00 00 9B 10 5A 07 03 00 "
    "9B 10 5E 07 05 00 94 10 AD 6F 00 00 00 00 94 10 BB 6F 00 00 00 00 94 10 DA 6F 32 14 7A "
    "18 94 10 DE 6F 2B 0B 69 18 4C 06 00 00 00 00 4C 14 00 00 00 00 7C 22 69 34 00 00 4C 26 "
    "00 00 00 00 CC 90 10 06 00 00 00 00 DB 10 2D 00 00 00 DB 10 3B 00 00 00 DB 10 5A 07 03 "
    "00 DB 10 5E 07 05 00 84 8F 0F 6D 00 00 E1 F1 04 6D 04 0C 8D 11 0F 09 07 00 66 01 7D 16"
)
ALLMESS_CF50 = bytes.fromhex(
    "68 3D 3D 68 08 01 72 00 51 20 02 82 4D 02 04 00 88 00 00 04 07 00 00 00 00 0C 15 03 00 "
    "00 00 0B 2E 00 00 00 0B 3B 00 00 00 0A 5A 88 12 0A 5E 16 05 0B 61 23 77 00 02 6C 8C 11 "
    "02 27 37 0D 0F 60 00 67 16"
)
MINOL_MINOCAL_WR3 = bytes.fromhex(
    "68 CD CD 68 08 00 72 59 27 80 31 4D 6A 82 04 2B 00 00 00 04 06 00 00 00 00 04 14 01 00 "
    "00 00 04 2D 00 00 00 00 04 3C 00 00 00 00 02 59 00 00 02 5D 00 00 84 04 06 00 00 00 00 "
    "C4 04 6D 00 00 81 11 94 01 2D 00 00 00 00 94 01 6D 1E 0B 8D 11 54 3C 01 00 00 00 54 6D "
    "1E 07 78 13 8C 40 79 00 00 00 00 81 40 FD 09 07 84 40 13 01 00 00 00 C4 04 13 01 00 00 "
    "00 8C 80 40 79 00 00 00 00 84 80 40 13 01 00 00 00 81 80 40 FD 09 07 84 05 13 01 00 00 "
    "00 02 FD 17 04 00 04 6D 01 0C 8D 11 82 80 01 6C 81 11 84 80 01 06 00 00 00 00 84 C0 01 "
    "13 01 00 00 00 84 80 41 13 01 00 00 00 92 80 01 6C 81 11 94 80 01 3C 00 00 00 00 94 80 "
    "01 2D 00 00 00 00 AA 16"
)
SEN_POLLUTHERM = bytes.fromhex(
    "68 42 42 68 08 08 72 76 00 05 21 18 4E 31 04 51 00 00 00 0C 07 64 08 00 00 0C 14 92 98 "
    "79 00 0C 7B 02 03 00 00 0C 2C 58 54 00 00 0A 5A 55 07 0A 5E 94 05 0B 60 76 60 01 0C 78 "
    "76 00 05 21 0C FD 10 76 00 05 21 1F B3 16"
)
SONTEX_SUPERCAL_531 = bytes.fromhex(
    "68 51 51 68 08 01 72 24 06 42 08 EE 4D 0D 04 2C 30 00 00 04 0E 00 00 00 00 04 14 00 00 "
    "00 00 05 5B 00 00 00 00 05 5F 00 00 00 00 05 3E 00 00 00 00 05 2B 00 00 00 00 C4 00 0E "
    "00 00 00 00 C4 00 14 00 00 00 00 C4 40 14 00 00 00 00 C4 80 40 14 00 00 00 00 1F 71 16"
)
SVM_F22 = bytes.fromhex(
    "68 5C 5C 68 08 01 72 89 60 00 01 CD 4E 09 0C 94 70 00 00 04 06 6E 6D 00 00 04 13 45 C6 "
    "09 00 84 40 13 45 C6 09 00 02 5B F3 00 02 5F F3 00 02 62 00 00 04 22 E2 18 00 00 04 26 "
    "DB 18 00 00 04 3B 00 00 00 00 04 2C 00 00 00 00 04 6D 0C 15 A8 22 84 40 6E 00 00 00 00 "
    "84 80 40 6E 00 00 00 00 1F A7 16"
)
SIEMENS_WFH21 = bytes.fromhex(
    "68 5E 5E 68 08 05 72 91 64 00 08 65 32 99 06 DA 00 00 00 0C 13 00 00 00 00 0B 22 86 40 "
    "04 04 6D 24 0A 61 1C 32 6C 00 00 0C 78 91 64 00 08 06 FD 0C 0A 00 01 00 FA 01 0D FD 0B "
    "05 31 32 48 46 57 01 FD 0E 00 4C 13 00 00 00 00 42 6C 5F 1C 0F 37 FD 17 00 00 00 00 00 "
    "00 00 00 02 7A 25 00 02 78 25 00 82 16"
)
ITRON_CYBLE_COLD_WATER = bytes.fromhex(
    "68 56 56 68 08 08 72 80 03 02 10 77 04 14 16 A1 00 00 00 0C 78 80 03 02 10 0D 7C 08 44 "
    "49 20 2E 74 73 75 63 0A 20 20 20 20 20 20 20 20 20 20 04 6D 27 0F 79 1A 02 7C 09 65 6D "
    "69 74 20 2E 74 61 62 D2 0F 04 15 B7 11 00 00 04 95 7F 00 00 00 00 44 15 B7 11 00 00 0F "
    "00 04 1F 0D 16"
)
ELS_FALCON = bytes.fromhex(
    "68 4A 4A 68 08 01 72 45 23 11 70 93 15 0A 07 02 00 00 00 0C 13 67 45 23 01 04 6D 3A 0D "
    "E6 02 42 6C E1 01 4C 13 51 69 45 00 42 EC 7E 01 11 12 3B 39 17 42 6C 01 11 02 3B F9 17 "
    "0F 0E 42 20 01 01 01 00 05 08 5E 01 20 3D 12 08 3D 12 08 00 C0 16"
)
PLAIN_TEXT_AFTER_VIFE = bytes.fromhex(
    "68 19 19 68 08 02 72 78 56 34 12 24 40 01 07 55 00 00 00 03 FC 20 03 43 42 41 15 31 00 7F 16"
)
PLAIN_TEXT_BEFORE_VIFE = bytes.fromhex(
    "68 53 53 68 08 05 72 34 08 00 54 96 15 32 00 F2 00 00 00 01 FD 1B 00 02 FC 03 48 52 25 "
    "74 D4 11 22 FC 03 48 52 25 74 C8 11 12 FC 03 48 52 25 74 B4 16 02 65 D0 08 22 65 70 08 "
    "12 65 23 09 01 72 18 42 65 E4 08 82 01 65 DD 08 0C 78 34 08 00 54 03 FD 0F 00 00 04 1F "
    "5D 16"
)
FIXED_DATA = bytes.fromhex(
    "68 13 13 68 08 05 73 78 56 34 12 0A 00 E9 7E 01 00 00 00 35 01 00 00 3C 16"
)

MEANT: dict[str, tuple[bytes, Meant]] = {
    "kamstrup_multical_601": (
        KAMSTRUP_MULTICAL_601,
        Meant(
            "06855817",
            "KAM",
            4,
            4,
            0x00,
            27,
            False,
            {
                1: Said("energy", 37351000.0),
                2: Said("volume", 561.08),
                3: Said("on_time", 3546000.0),
                4: Said("flow_temperature", 101.69),
                5: Said("return_temperature", 46.16),
                6: Said("temperature_difference", 55.53),
                7: Said("power", 34700.0),
                8: Said("power", 44800.0, 0, 0, 0, "maximum"),
                9: Said("volume_flow", 0.543),
                10: Said("volume_flow", 0.628, 0, 0, 0, "maximum"),
                11: Said("energy", 0.0, 0, 1),
                13: Said("volume", 0.0, 0, 0, 1),
                14: Said("volume", 0.0, 0, 0, 2),
                15: Said("energy", 0.0, 0, 0, 3),
                17: Said("energy", 33361000.0, 1),
                18: Said("volume", 500.98, 1),
                19: Said("power", 55000.0, 1, 0, 0, "maximum"),
                20: Said("volume_flow", 1.027, 1, 0, 0, "maximum"),
                22: Said("energy", 0.0, 1, 2),
                25: Said("energy", 0.0, 1, 0, 3),
            },
        ),
    ),
    "itron_cf_51": (
        ITRON_CF_51,
        Meant(
            "11155185",
            "ACW",
            13,
            27,
            0x10,
            15,
            False,
            {
                1: Said("energy", 0.0),
                2: Said("volume", 0.0),
                3: Said("power", 99999900.0, 0, 0, 0, "error"),
                4: Said("volume_flow", 0.0),
                5: Said("flow_temperature", 999.9, 0, 0, 0, "error"),
                6: Said("return_temperature", 999.9, 0, 0, 0, "error"),
                7: Said("temperature_difference", 9999.99, 0, 0, 0, "error"),
                9: Said("operating_time", 8985600.0),
                12: Said("volume", 321.0, 0, 0, 1),
                13: Said("volume", 1.23, 0, 0, 2),
                14: Said("energy", 0.0),
            },
        ),
    ),
    "efe_sensostar_2": (
        EFE_SENSOSTAR_2,
        Meant(
            "24083345",
            "EFE",
            4,
            102,
            0x27,
            25,
            False,
            {
                2: Said("volume", 0.0),
                3: Said("volume", 0.0, 1),
                4: Said("volume", 0.0, 2),
                5: Said("energy", 0.0),
                8: Said("energy", 0.0, 0, 1),
                14: Said("energy", 0.0, 0, 3),
                15: Said("volume_flow", 0.0),
                16: Said("volume_flow", 0.025, 0, 0, 0, "maximum"),
                17: Said("power", 0.0),
                18: Said("power", 11.0, 0, 0, 0, "maximum"),
                19: Said("flow_temperature", 22.0),
                20: Said("return_temperature", 21.0),
                21: Said("temperature_difference", 0.09),
                22: Said("on_time", 45273600.0),
                24: Said("volume", 1.1e-05),
            },
        ),
    ),
    "engelmann_sensostar2c": (
        ENGELMANN_SENSOSTAR2C,
        Meant(
            "10380010",
            "EFE",
            4,
            30,
            0x00,
            24,
            False,
            {
                2: Said("volume", 12.9),
                3: Said("energy", 800000.0),
                4: Said("energy", 0.0, 0, 2),
                6: Said("volume_flow", 0.0),
                7: Said("power", 0.0),
                8: Said("flow_temperature", 95.0),
                9: Said("return_temperature", 43.0),
                10: Said("temperature_difference", 52.58),
                11: Said("operating_time", 43718400.0),
                13: Said("volume", 0.1),
                15: Said("volume", 12.9, 1),
                16: Said("energy", 800000.0, 1),
                20: Said("volume", 8.4, 2),
                21: Said("energy", 500000.0, 2),
                23: Said("energy", 0.0, 2, 3),
            },
        ),
    ),
    "metrona_ultraheat_xs": (
        METRONA_ULTRAHEAT_XS,
        Meant(
            "01810054",
            "LUG",
            4,
            15,
            0x10,
            39,
            False,
            {
                2: Said("energy", 19969000.0),
                3: Said("volume", 26492.18),
                4: Said("power", 0.0),
                5: Said("volume_flow", 0.0),
                6: Said("flow_temperature", 0.0),
                7: Said("return_temperature", 0.0),
                8: Said("temperature_difference", 0.0),
                9: Said("volume", 26492.18, 1),
                10: Said("energy", 19969000.0, 1),
                13: Said("power", 31600.0, 0, 1, 0, "maximum"),
                15: Said("volume_flow", 8.82, 0, 1, 0, "maximum"),
                18: Said("on_time", 252241200.0),
                19: Said("on_time", 185792400.0, 0, 0, 0, "error"),
                24: Said("energy", 0.0, 0, 4),
                28: Said("flow_temperature", 36.0, 2, 1, 0, "maximum"),
                33: Said("energy", 19969000.0, 2),
                37: Said("volume", 26492.18, 2),
            },
        ),
    ),
    "landis_gyr_ultraheat_t230": (
        LANDIS_GYR_ULTRAHEAT_T230,
        Meant(
            "66660205",
            "LUG",
            4,
            1,
            0x10,
            34,
            False,
            {
                2: Said("energy", 0.0),
                3: Said("volume", 0.0),
                4: Said("power", 0.0),
                5: Said("volume_flow", 0.0),
                6: Said("flow_temperature", 19.5),
                7: Said("return_temperature", 19.7),
                8: Said("temperature_difference", -0.2),
                11: Said("on_time", 13568400.0, 0, 0, 0, "error"),
                14: Said("energy", 0.0, 0, 5),
                17: Said("flow_temperature", 30.7, 0, 1, 0, "maximum"),
                27: Said("energy", 0.0, 1, 5),
            },
        ),
    ),
    "allmess_cf50": (
        ALLMESS_CF50,
        Meant(
            "02205100",
            "SLB",
            4,
            0,
            0x88,
            9,
            False,
            {
                0: Said("energy", 0.0),
                1: Said("volume", 0.3),
                2: Said("power", 0.0),
                3: Said("volume_flow", 0.0),
                4: Said("flow_temperature", 128.8),
                5: Said("return_temperature", 51.6),
                6: Said("temperature_difference", 77.23),
                8: Said("operating_time", 292291200.0),
            },
        ),
    ),
    "minol_minocal_wr3": (
        MINOL_MINOCAL_WR3,
        Meant(
            "31802759",
            "ZRM",
            4,
            43,
            0x00,
            29,
            False,
            {
                0: Said("energy", 0.0),
                1: Said("volume", 0.01),
                4: Said("flow_temperature", 0.0),
                6: Said("energy", 0.0, 8),
                8: Said("power", 0.0, 2, 0, 0, "maximum"),
                10: Said("volume_flow", 0.01, 1, 0, 0, "maximum"),
                14: Said("volume", 0.001, 0, 0, 1),
                15: Said("volume", 0.001, 9),
                19: Said("volume", 0.001, 10),
                23: Said("energy", 0.0, 32),
                24: Said("volume", 0.001, 32, 0, 1),
                28: Said("power", 0.0, 32, 0, 0, "maximum"),
            },
        ),
    ),
    "sen_pollutherm": (
        SEN_POLLUTHERM,
        Meant(
            "21050076",
            "SPX",
            4,
            81,
            0x00,
            9,
            True,
            {
                0: Said("energy", 8640000.0),
                1: Said("volume", 7998.92),
                3: Said("power", 54580.0),
                4: Said("flow_temperature", 75.5),
                5: Said("return_temperature", 59.4),
                6: Said("temperature_difference", 16.076),
            },
        ),
    ),
    "sontex_supercal_531": (
        SONTEX_SUPERCAL_531,
        Meant(
            "08420624",
            "SON",
            4,
            44,
            0x30,
            10,
            True,
            {
                0: Said("energy", 0.0),
                2: Said("flow_temperature", 0.0),
                4: Said("volume_flow", 0.0),
                6: Said("energy", 0.0, 1),
                9: Said("volume", 0.0, 1, 0, 2),
            },
        ),
    ),
    "svm_f22": (
        SVM_F22,
        Meant(
            "01006089",
            "SVM",
            12,
            148,
            0x70,
            13,
            True,
            {
                0: Said("energy", 28014000.0),
                1: Said("volume", 640.581),
                2: Said("volume", 640.581, 0, 0, 1),
                3: Said("flow_temperature", 243.0),
                6: Said("on_time", 22932000.0),
                7: Said("operating_time", 22906800.0),
                8: Said("volume_flow", 0.0),
                9: Said("power", 0.0),
            },
        ),
    ),
    "siemens_wfh21": (
        SIEMENS_WFH21,
        Meant(
            "08006491",
            "LSE",
            6,
            218,
            0x00,
            10,
            False,
            {
                0: Said("volume", 0.0),
                1: Said("on_time", 158709600.0),
                8: Said("volume", 0.0, 1),
            },
        ),
    ),
    "itron_cyble_cold_water": (
        ITRON_CYBLE_COLD_WATER,
        Meant(
            "10020380",
            "ACW",
            22,
            161,
            0x00,
            7,
            False,
            {
                4: Said("volume", 453.5),
                6: Said("volume", 453.5, 1),
            },
        ),
    ),
    "els_falcon": (
        ELS_FALCON,
        Meant(
            "70112345",
            "ELS",
            7,
            2,
            0x00,
            8,
            False,
            {
                0: Said("volume", 1234.567),
                3: Said("volume", 456.951, 1),
                5: Said("volume_flow", 5.945, 0, 0, 0, "maximum"),
                7: Said("volume_flow", 6.137),
            },
        ),
    ),
}
