"""Published data with published results, so that a formula is held against somebody else's arithmetic.

Source of all: Montgomery, Introduction to Statistical Quality Control, as the R package qcc 3.0 distributes the data
(github.com/luca-scr/qcc), the results as its vignette prints them.
"""

from __future__ import annotations

# Inside diameters of forged piston rings: 40 subgroups of five, the first 25 of them phase I; in 0.001 mm from 74 mm.
_RINGS = """30 2 19 -8 8|-5 -8 1 11 4|-12 24 21 5 2|2 -4 -7 15 9|-8 7 15 -11 14|9 -6 -3 -15 -7
-5 6 -6 0 5|-15 3 -7 15 -12|8 -5 9 5 4|-2 0 -10 7 -5|-6 -2 -6 -5 -10|4 0 7 0 -4
-17 2 -2 -3 12|6 -33 -6 0 -16|12 14 -2 -1 7|0 -16 5 -2 -4|-6 12 -14 5 7|6 10 18 3 0
-16 2 3 5 -3|0 10 13 20 3|-12 1 9 5 -4|4 -1 -10 6 9|10 -11 -10 9 14|15 8 -7 0 10
-18 -16 -5 17 13|12 15 30 -14 0|-5 10 -10 15 1|-13 -1 -15 0 -10|8 10 3 -9 6|3 0 1 -14 -3
-6 3 15 20 4|8 2 18 -5 5|1 4 -10 -4 -2|15 0 16 25 0|30 5 0 16 12|1 -10 -5 10 24
15 20 24 5 19|35 10 12 15 26|17 13 36 25 26|10 5 29 0 20"""
PISTON_RINGS = [
    [round(74 + int(word) / 1000, 3) for word in group.split()]
    for line in _RINGS.splitlines()
    for group in line.split("|")
]

# Viscosity of an aircraft primer paint: 35 batches, the first 20 of them phase I.
VISCOSITY = [
    float(word)
    for word in [
        "34.05",
        "34.40",
        "33.59",
        "35.96",
        "34.70",
        "33.51",
        "33.79",
        "34.04",
        "34.52",
        "33.75",
        "33.27",
        "33.71",
        "34.03",
        "34.58",
        "34.02",
        "33.97",
        "34.05",
        "34.04",
        "33.73",
        "34.05",
        "34.39",
        "33.75",
        "33.40",
        "33.27",
        "34.65",
        "34.80",
        "34.55",
        "35.40",
        "34.75",
        "34.50",
        "34.70",
        "34.29",
        "34.61",
        "34.49",
        "35.03",
    ]
]

# Cans of orange juice that leak, of 50 each: 54 samples, the first 30 of them phase I (also NIST e-Handbook 6.3.3.2).
ORANGE_JUICE = [
    int(word)
    for word in [
        "12",
        "15",
        "8",
        "10",
        "4",
        "7",
        "16",
        "9",
        "14",
        "10",
        "5",
        "6",
        "17",
        "12",
        "22",
        "8",
        "10",
        "5",
        "13",
        "11",
        "20",
        "18",
        "24",
        "15",
        "9",
        "12",
        "7",
        "13",
        "9",
        "6",
        "9",
        "6",
        "12",
        "5",
        "6",
        "4",
        "6",
        "3",
        "7",
        "6",
        "2",
        "4",
        "3",
        "6",
        "5",
        "4",
        "8",
        "5",
        "6",
        "7",
        "5",
        "6",
        "3",
        "5",
    ]
]

# Nonconformities on 100 printed circuit boards: 46 samples, the first 26 of them phase I.
CIRCUIT = [
    int(word)
    for word in [
        "21",
        "24",
        "16",
        "12",
        "15",
        "5",
        "28",
        "20",
        "31",
        "25",
        "20",
        "24",
        "16",
        "19",
        "10",
        "17",
        "13",
        "22",
        "18",
        "39",
        "30",
        "24",
        "16",
        "19",
        "17",
        "15",
        "16",
        "18",
        "12",
        "15",
        "24",
        "21",
        "28",
        "20",
        "25",
        "19",
        "18",
        "21",
        "16",
        "22",
        "19",
        "12",
        "14",
        "9",
        "16",
        "21",
    ]
]

# Nonconformities of personal computers after final assembly, five each.
COMPUTERS = [
    int(word)
    for word in [
        "10",
        "12",
        "8",
        "14",
        "10",
        "16",
        "11",
        "7",
        "10",
        "15",
        "9",
        "5",
        "7",
        "11",
        "12",
        "6",
        "8",
        "10",
        "7",
        "5",
    ]
]
