"""What the start of the server does after one that was stopped hard: look, keep, and say so."""

import re
from collections.abc import Iterator

from abscope.web.store.atomic import digest, read_json
from abscope.web.store.project import Project

__all__ = ["recover"]

#: A temporary file of `abscope.case.files`, left by a write that did not end.
_LEFT = re.compile(r"\.[^/]+\.[a-z0-9_]{8}")


def recover(project: Project) -> tuple[str, ...]:
    """Put a project in order and return what was found, one sentence each."""
    with project.index.writing():
        found = [*_interrupted(project), *_torn(project), *_cut_off(project)]
    found += [
        f"A text of case {draft.name} that {draft.who or 'somebody'} typed until {draft.when} was "
        "not saved; it is among the drafts of the case."
        for draft in project.drafts.every()
    ]
    broken = project.audit.broken_at()
    if broken is not None:
        found.append(f"The audit log does not hold together from line {broken} on.")
    for text in found:
        project.audit.add(who="", what="recover", of="project", note=text)
    return tuple(found)


def _interrupted(project: Project) -> Iterator[str]:
    """Settle the versions that were being written when the server stopped."""
    files = project.files()
    for name in project.history.names():
        for version in project.history.versions(name):
            if version.state != "writing":
                continue
            held = files[name].read_bytes() if name in files else b""
            if digest(held) == version.sha256:
                project.history.mark(name, version, "saved")
                yield f"Version {version.number} of case {name} was saved; its record is complete."
            else:
                project.history.mark(name, version, "interrupted")
                yield (
                    f"Saving version {version.number} of case {name} was interrupted. The case is "
                    "as it was before; the new text is among its versions."
                )


def _torn(project: Project) -> Iterator[str]:
    """Move unfinished files out of the way; none is removed."""
    for path in sorted(project.layout.folder.iterdir()):
        if path.is_file() and _LEFT.fullmatch(path.name) and ".yaml." in path.name:
            project.layout.recovered.mkdir(parents=True, exist_ok=True)
            path.rename(project.layout.recovered / path.name.lstrip("."))
            yield f"An unfinished file was moved to {project.layout.recovered.name}: {path.name}."
    for folder in (project.layout.own, project.layout.runs):
        for path in sorted(folder.rglob(".*")) if folder.is_dir() else ():
            if path.is_file() and _LEFT.fullmatch(path.name):
                path.unlink()


def _cut_off(project: Project) -> Iterator[str]:
    """Tell of fits that were stopped before their end; what they have is kept as it is."""
    runs = project.layout.runs
    for place in sorted(runs.iterdir()) if runs.is_dir() else ():
        record = read_json(place / "run.json")
        if record is None or record.get("status") != "started":
            continue
        kept = (
            "goes on from its last checkpoint" if (place / "checkpoint").is_file()
            else "begins anew, since nothing of it was kept yet,"
        )  # fmt: skip
        yield (
            f"A {record.get('command', 'run')} of {record.get('case_id', 'a case')} was stopped "
            f"before its end ({runs.name}/{place.name}). It {kept} when it is asked for again on "
            "the page Explain."
        )
