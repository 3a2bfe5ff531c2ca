"""One process of dicompyler-core in the dose benchmark: from a folder of DICOM-RT to a table.

    python dose_workers.py FOLDER OUT        # dicompylercore has to be importable

OUT receives JSON: region -> volume (ml), mean, D98, D95, D50, D2 (Gy). Nothing of abscope is
imported for the peer.
"""

import json
import sys
from pathlib import Path

KEYS = ("V", "mean", "D98", "D95", "D50", "D2")


def dicompyler(folder: Path) -> dict:
    from dicompylercore import dicomparser, dvhcalc

    files = {dicomparser.DicomParser(str(p)).ds.Modality: str(p) for p in folder.glob("*.dcm")}
    table = {}
    for number, region in dicomparser.DicomParser(files["RTSTRUCT"]).GetStructures().items():
        curve = dvhcalc.get_dvh(files["RTSTRUCT"], files["RTDOSE"], number)
        values = [curve.volume, curve.mean]
        values += [getattr(curve, name).value for name in KEYS[2:]] if curve.volume else [None] * 4
        table[region["name"]] = dict(
            zip(KEYS, [None if v is None else float(v) for v in values], strict=True)
        )
    return table


def main() -> None:
    folder, out = Path(sys.argv[1]), Path(sys.argv[2])
    out.write_text(json.dumps(dicompyler(folder)))


if __name__ == "__main__":
    main()
