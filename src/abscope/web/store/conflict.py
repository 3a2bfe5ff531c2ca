"""An edit that was begun from a text which is no longer the one on disk."""

from abscope.errors import Problem, UsageError

__all__ = ["ConflictError"]


class ConflictError(UsageError):
    """Somebody else saved in the meantime; both texts are kept.

    ``theirs`` is the text on disk, ``revision`` its digest, empty where the file was removed.
    """

    def __init__(self, name: str, *, theirs: str, revision: str, who: str) -> None:
        self.theirs = theirs
        self.revision = revision
        by = f" by {who}" if who else ""
        what = f"was changed{by} since this editor was opened" if revision else "was removed"
        super().__init__(
            Problem(
                name,
                what,
                "the text that this editor was opened with",
                "Nothing is lost: compare both texts, then save yours over it or take theirs.",
            )
        )
