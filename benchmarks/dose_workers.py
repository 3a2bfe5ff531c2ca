"""One process of the dose benchmark: from a folder of DICOM-RT to a table of values.

    python dose_workers.py abscope FOLDER OUT
    python dose_workers.py dicompyler FOLDER OUT        # dicompylercore has to be importable
    python dose_workers.py big FOLDER OUT               # abscope, with the seconds of each step

OUT receives JSON: region -> volume (ml), mean, D98, D95, D50, D2 (Gy). Nothing of abscope is
imported for the peer, and the other way round.
"""

import json
import sys
import time
from pathlib import Path

KEYS = ("V", "mean", "D98", "D95", "D50", "D2")


def abscope(folder: Path, cap: str = "half", times: dict | None = None) -> dict:
    from abscope.dose.dicom.reading import read_study
    from abscope.dose.dvh import DvhSettings, dose_at_volume, dvh, mean_dose, total_volume

    started = time.perf_counter()
    study = read_study(folder)
    (structures,), (dose,) = study.structure_sets, study.doses
    read = time.perf_counter()
    table = {}
    for roi in structures.rois:
        curve = dvh(
            roi,
            dose=dose.dose,
            plane_spacing_mm=structures.plane_spacing_mm,
            settings=DvhSettings(cap=cap),
        )
        at = [dose_at_volume(curve, volume_frac=v) for v in (0.98, 0.95, 0.5, 0.02)]
        table[roi.name] = dict(zip(KEYS, [total_volume(curve), mean_dose(curve), *at], strict=True))
    if times is not None:
        times.update(read=read - started, dvh=time.perf_counter() - read)
    return table


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
    which, folder, out = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    times: dict = {}
    if which == "dicompyler":
        table = dicompyler(folder)
    else:
        table = abscope(folder, "full" if "analytic" in folder.name else "half", times)
    out.write_text(json.dumps({"regions": table, "times": times}))


if __name__ == "__main__":
    main()
