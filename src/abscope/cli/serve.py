"""``abscope serve``: the pages in a browser, from this machine."""

from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from abscope.cli.options import JsonOption
from abscope.cli.output import answer
from abscope.errors import Problem, UsageError

__all__ = ["serve"]

#: The other door. It is named, not imported: doors do not know each other (docs/design/0015).
_WEB = "abscope.web"
_FOLDER = "abscope-project"

_Target = Annotated[
    str | None,
    typer.Argument(
        metavar="[CASE|DIR]", show_default=False,
        help=f"A library name, a case file, or a project folder; ./{_FOLDER} without it.",
    ),
]  # fmt: skip
_Host = Annotated[str, typer.Option("--host", help="The address to listen on.")]
_Port = Annotated[int, typer.Option("--port", min=0, max=65535, help="The port; 0 finds one.")]
_Password = Annotated[
    Path | None,
    typer.Option(
        "--password-file", metavar="FILE", show_default=False,
        help="Let in who knows the password in this file, instead of the token.",
    ),
]  # fmt: skip
_Header = Annotated[
    str,
    typer.Option(
        "--user-header", metavar="NAME", show_default=False,
        help="The header in which a proxy names the user.",
    ),
]  # fmt: skip
_Proxies = Annotated[
    list[str] | None,
    typer.Option(
        "--trusted-proxy", metavar="ADDRESS", show_default=False,
        help="The address of the proxy that sets the header. May be repeated.",
    ),
]  # fmt: skip
_Url = Annotated[
    str,
    typer.Option(
        "--public-url", metavar="URL", show_default=False,
        help="The address that browsers show, where it is not that of this machine.",
    ),
]  # fmt: skip


def serve(  # noqa: PLR0913 - the options of the command line
    target: _Target = None,
    host: _Host = "127.0.0.1",
    port: _Port = 8765,
    password_file: _Password = None,
    user_header: _Header = "",
    trusted_proxy: _Proxies = None,
    public_url: _Url = "",
    as_json: JsonOption = False,
) -> None:
    """Show cases in a browser: timeline, dose, response, blood, model and report.

    Prints the address to open, which holds a token. Other machines cannot reach the server unless a
    password or a proxy is named. Stop it with Ctrl-C.
    """
    folder, start_path = _project_of(target)
    password = ""
    if password_file is not None:
        from abscope.case.files import read_text

        password = read_text(password_file).strip()
    settings: Any = import_module(f"{_WEB}.settings")
    chosen = settings.ServeSettings(
        folder=folder.resolve(),
        host=host,
        port=port,
        password=password,
        user_header=user_header,
        trusted_proxies=tuple(trusted_proxy or ()),
        public_url=public_url,
    )
    serving: Any = import_module(f"{_WEB}.serving")

    def say(started: Any) -> None:
        answer(asdict(started), started.lines, as_json=as_json)

    serving.serve(chosen, start_path=start_path, say=say)


def _project_of(target: str | None) -> tuple[Path, str]:
    """Return the project folder, and the page to start with."""
    from abscope.case.shelf import library_names

    if target is None:
        return Path(_FOLDER), "/cases"
    if target in library_names():
        return Path(_FOLDER), f"/library/{target}/timeline"
    path = Path(target)
    if path.is_dir():
        return path, "/cases"
    if path.is_file() and path.suffix in (".yaml", ".yml"):
        return path.parent, f"/cases/{path.stem}/timeline"
    raise UsageError(
        Problem(
            target,
            "there is no library case, no case file and no folder of this name",
            "a name that 'abscope cases' lists, a YAML file, or a folder",
            "Check the name; a new project needs its folder first.",
        )
    )
