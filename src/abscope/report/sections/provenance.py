"""Where the report comes from: the record, its file, the version; no clock time, so it repeats."""

import hashlib

import abscope
from abscope.report.material import Material, Section
from abscope.report.words import join

__all__ = ["provenance"]


def provenance(material: Material) -> Section:
    """Return identifiers, hash of the file, versions and the source of the facts."""
    case = material.case
    text = material.located.text.encode("utf-8", errors="surrogatepass")
    entries = [
        ("Case", case.id),
        ("File", material.located.name),
        ("SHA-256 of the file", hashlib.sha256(text).hexdigest()),
        ("Schema", case.schema_name),
        ("Made with", f"abscope {abscope.__version__}"),
        ("Citation", case.source.citation or material.missing),
        ("DOI", case.source.doi or material.missing),
        ("PMID", str(case.source.pmid) if case.source.pmid else ""),
        ("PMCID", case.source.pmcid or ""),
        ("Address", case.source.url or ""),
        ("Read of the source", join(part.replace("_", " ") for part in case.source.seen)),
        ("On the source", case.source.note or ""),
        ("Places in the source", case.loc_note or ""),
        ("Fields that are not mentioned", f"count as {material.missing}"),
        ("Day zero", material.clock.zero_label),
    ]
    return Section(
        "provenance",
        "Provenance",
        "provenance.html",
        {"entries": [entry for entry in entries if entry[1]]},
    )
