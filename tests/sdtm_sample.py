"""A small submission for tests: one subject, two readers, a node, a partial date."""

import csv
import struct
from pathlib import Path

TU = (
    "STUDYID", "DOMAIN", "USUBJID", "TULNKID", "TUSTRESC", "TULOC", "TUMETHOD", "TUEVAL",
    "TUEVALID",
)  # fmt: skip
TR = (
    "STUDYID", "DOMAIN", "USUBJID", "TRLNKID", "TRTESTCD", "TRSTRESC", "TRSTRESN", "TRSTRESU",
    "TRSTAT", "TREVAL", "TREVALID", "TRACPTFL", "VISITNUM", "VISIT", "TRDTC",
)  # fmt: skip
RS = (
    "STUDYID", "DOMAIN", "USUBJID", "RSTESTCD", "RSCAT", "RSSTRESC", "RSEVAL", "RSEVALID",
    "VISITNUM", "VISIT", "RSDTC",
)  # fmt: skip
COLUMNS = {"TU": TU, "TR": TR, "RS": RS}
NUMBERS = ("TRSTRESN", "VISITNUM")
VISITS = (("1", "BASE", "2024-01-01"), ("2", "WEEK 6", "2024-02"), ("3", "WEEK 12", "2024-03-26"))
#: Longest diameter of the lesion, and long and short axis of the node, per visit (mm).
SIZES = (("27.0", "20", "16"), ("14.5", "12", "9"), ("32.4", None, None))
ANSWERS = (("PR", "PR"), ("NE", "PD"))


def rows() -> dict[str, list[dict[str, str]]]:
    """Return the three domains as rows of text."""
    found: dict[str, list[dict[str, str]]] = {"TU": [], "TR": [], "RS": []}

    def add(domain: str, **cells: str) -> None:
        blank = dict.fromkeys(COLUMNS[domain], "")
        found[domain].append(blank | {"STUDYID": "S", "DOMAIN": domain, "USUBJID": "P-1"} | cells)

    for reader in ("", "READER 1"):
        who = {"EVAL": "INDEPENDENT ASSESSOR" if reader else "INVESTIGATOR", "EVALID": reader}
        for lesion, place in (("T01", "LIVER"), ("T02", "LYMPH NODE")):
            cells = {f"TU{key}": value for key, value in who.items()}
            add("TU", TULNKID=lesion, TUSTRESC="TARGET", TULOC=place, TUMETHOD="CT SCAN", **cells)
        for (number, name, day), sizes in zip(VISITS, SIZES, strict=True):
            cells = {f"TR{key}": value for key, value in who.items()}
            cells |= {"VISITNUM": number, "VISIT": name, "TRDTC": day}
            tests = (("T01", "LDIAM"), ("T02", "LDIAM"), ("T02", "LPERP"))
            for (lesion, test), size in zip(tests, sizes, strict=True):
                done = {"TRSTAT": "NOT DONE"} if size is None else {
                    "TRSTRESC": size, "TRSTRESN": size, "TRSTRESU": "mm"}  # fmt: skip
                add("TR", TRLNKID=lesion, TRTESTCD=test, **cells, **done)
        for (number, name, day), pair in zip(VISITS[1:], ANSWERS, strict=True):
            cells = {f"RS{key}": value for key, value in who.items()}
            add("RS", RSTESTCD="OVRLRESP", RSCAT="RECIST 1.1", RSSTRESC=pair[bool(reader)],
                VISITNUM=number, VISIT=name, RSDTC=day, **cells)  # fmt: skip
    return found


def write_csv(folder: Path, data: dict[str, list[dict[str, str]]]) -> Path:
    """Write the domains as CSV files and return their folder."""
    for domain, listed in data.items():
        with open(folder / f"{domain.lower()}.csv", "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, COLUMNS[domain])
            writer.writeheader()
            writer.writerows(listed)
    return folder


def xport(domain: str, listed: list[dict[str, str]]) -> bytes:
    """Return a SAS transport file, version 5, by the published layout of its records."""
    names = COLUMNS[domain]
    widths = [8 if n in NUMBERS else max(1, *(len(r[n]) for r in listed)) for n in names]
    stamp = b"01JAN24:00:00:00"
    system = b"9.4     X64     "

    def header(kind: str, rest: str = "0" * 30) -> bytes:
        return f"HEADER RECORD*******{kind:<8}HEADER RECORD!!!!!!!{rest}  ".encode()

    parts = [
        header("LIBRARY"), b"SAS     SAS     SASLIB  " + system + b" " * 24 + stamp,
        stamp + b" " * 64, header("MEMBER", "000000000000000001600000000140"), header("DSCRPTR"),
        b"SAS     " + domain.encode().ljust(8) + b"SASDATA " + system + b" " * 24 + stamp,
        stamp + b" " * 64, header("NAMESTR", f"000000{len(names):04d}" + "0" * 20),
    ]  # fmt: skip
    described, place = b"", 0
    for index, (name, width) in enumerate(zip(names, widths, strict=True), start=1):
        kind = 1 if name in NUMBERS else 2
        described += struct.pack(">hhhh8s40s8shhh2s8shhl52s", kind, 0, width, index,
                                 name.encode().ljust(8), name.encode().ljust(40), b" " * 8, 0, 0, 0,
                                 b"  ", b" " * 8, 0, 0, place, b"\0" * 52)  # fmt: skip
        place += width
    body = b"".join(
        ibm_double(row[n]) if n in NUMBERS else row[n].encode().ljust(w)
        for row in listed
        for n, w in zip(names, widths, strict=True)
    )
    parts += [_padded(described), header("OBS"), _padded(body)]
    return b"".join(parts)


def _padded(data: bytes) -> bytes:
    return data + b" " * (-len(data) % 80)


def ibm_double(text: str) -> bytes:
    """Return a number as SAS stores it: sign, exponent of 16 plus 64, 56 bits of fraction."""
    if not text:
        return b"." + b"\0" * 7
    value, exponent = float(text), 64
    if value == 0:
        return b"\0" * 8
    while value >= 1:
        value, exponent = value / 16, exponent + 1
    while value < 1 / 16:
        value, exponent = value * 16, exponent - 1
    return bytes([exponent]) + round(value * 2**56).to_bytes(7, "big")
