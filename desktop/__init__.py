"""XDR Login: sign in with the OAuth 2.0 device authorization grant (RFC 8628)."""

# No `from __future__` and no `pathlib`: they could be modules of the current folder.
import os
import sys

__version__ = "0.1.0"


def _forget_current_folder() -> None:
    """Take the current folder off the import path, with every entry that is relative to it.

    `python -m` puts it first, and as git's helper XDR Login runs in a repository that anybody may
    have written. The folder with this package stays: that is the checkout it runs from. So do
    those of Python's own library and of what is installed.
    """
    # Not by an import: it would be searched for.
    find = getattr(sys.modules.get("site"), "getsitepackages", None)
    installed = [] if find is None else find()
    package = os.path.dirname(__file__)
    ours = {os.path.dirname(package), os.path.dirname(os.__file__), *installed}
    try:
        current = os.getcwd()
    except OSError:  # it was deleted, so nothing can be imported from it
        return
    given = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    # `site` has made them absolute. An empty one is the current folder.
    relative = {os.path.join(current, each) for each in given if not os.path.isabs(each)}
    untrusted = {os.path.realpath(each) for each in (current, *relative)}
    untrusted -= set(map(os.path.realpath, ours))
    sys.path[:] = [each for each in sys.path if os.path.realpath(each) not in untrusted]


_forget_current_folder()

# httpx has a command line of its own, and loads click for it wherever that is installed: a fifth of
# its time to load, at the start of a window. It does without where there is no such module.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
