"""What an interpreter runs, read from its command line.

Only what is certain counts: an option that is not known here may be followed by a value, and then
the next argument is not the script. Program text in arguments may contain secrets and is never
returned as a script.
"""

from __future__ import annotations

import re
from dataclasses import field, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from desktop.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@frozen
class Invocation:
    """`script` as in the command line, or the name of a `module`; both empty if neither is known.

    `options` come before it, and `loaded` are the files among them that run first. `is_certain`
    says whether `script` is all that decides what runs.
    """

    script: str = ""
    module: str = ""
    options: tuple[str, ...] = field(default=(), repr=False)
    loaded: tuple[str, ...] = ()
    is_certain: bool = False


@frozen
class _Grammar:
    """The options of an interpreter: short ones as letters, long ones as words without hyphens.

    `flags` have no value, `joined` one in the same argument, `values` one there or in the next.
    `settings` are values of the interpreter, `properties` those of the program that runs. The value
    of `loads` is code that runs first, that of `scripts` the script. With `texts` the program is
    text, input or typed, that of `modules` the name of a module.
    """

    flags: str = ""
    joined: str = ""
    properties: str = ""
    settings: str = ""
    values: str = ""
    loads: str = ""
    texts: str = ""
    modules: str = ""
    long_flags: str = ""
    long_values: str = ""
    long_loads: str = ""
    long_texts: str = ""
    scripts: str = ""
    commands: str = ""  # words before a script
    tools: str = ""  # words in its place, which make it run something else
    variables: str = ""  # of the environment; with these, other code runs too
    suffixes: tuple[str, ...] = ()  # without one of them it may be the name of a task

    def kind(self, option: str) -> str:
        """Tell which of the fields an option is in; empty for none."""
        if option in self.scripts.split():
            return "scripts"
        if len(option) == 1:
            kinds = ("flags", "joined", "settings", "values", "loads", "texts", "modules")
            return next((each for each in kinds if option in getattr(self, each)), "")
        words = ("long_flags", "long_values", "long_loads", "long_texts")
        found = next((each for each in words if option in getattr(self, each).split()), "")
        return found.removeprefix("long_")


_SHELL = _Grammar(
    flags="abefhklmnprtuvxBCDEHPT",
    values="oO",
    texts="cis",
    long_flags="login norc noprofile posix restricted verbose",
    long_loads="rcfile init-file",
    variables="BASH_ENV ZDOTDIR SHELLOPTS",
)
_JAVASCRIPT = (".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx")
_GRAMMARS = {
    "python": _Grammar(
        flags="bBdEhIOPqRsStuvVx",
        values="WX",
        texts="ci",
        modules="m",
        long_flags="version help",
        long_values="check-hash-based-pycs",
        variables=(
            "PYTHONPATH PYTHONHOME PYTHONSTARTUP PYTHONINSPECT PYTHONPLATLIBDIR PYTHONUSERBASE "
            "PYTHONWARNINGS PYTHONBREAKPOINT PYTHONPYCACHEPREFIX"
        ),
    ),
    "perl": _Grammar(
        flags="acfgnpstTuUvwWX",
        joined="0CDFilV",
        values="I",
        loads="mMd",
        texts="eEx",
        variables="PERL5OPT PERL5LIB PERLLIB PERL5DB",
    ),
    "ruby": _Grammar(
        flags="acdlnpsvwyU",
        joined="0FiKTW",
        values="EI",
        loads="r",
        texts="e",
        long_flags="yjit jit verbose version",
        long_values="enable disable encoding external-encoding internal-encoding",
        variables="RUBYOPT RUBYLIB RUBYGEMS_GEMDEPS",
    ),
    "node": _Grammar(
        flags="chv",
        values="C",
        loads="r",
        texts="eip",
        long_flags=(
            "no-warnings inspect inspect-brk enable-source-maps trace-warnings trace-deprecation "
            "no-deprecation throw-deprecation expose-gc preserve-symlinks check use-system-ca "
            "experimental-strip-types experimental-vm-modules abort-on-uncaught-exception"
        ),
        long_values="conditions title input-type icu-data-dir unhandled-rejections disable-warning",
        long_loads="require import loader experimental-loader env-file openssl-config",
        long_texts="eval print interactive run test watch watch-path",
        tools="inspect debug",
        variables="NODE_OPTIONS NODE_PATH",
    ),
    "deno": _Grammar(
        flags="AERWNSqr",
        values="L",
        loads="c",
        long_flags="allow-all allow-net allow-env allow-read allow-write allow-run no-prompt quiet",
        long_values="log-level seed location cert",
        long_loads="config import-map preload import require lock env-file",
        commands="run",
        suffixes=_JAVASCRIPT,
    ),
    "bun": _Grammar(
        flags="b",
        loads="cr",
        texts="ep",
        long_flags="bun smol silent",
        long_loads="preload require import config env-file",
        long_texts="watch hot eval print cwd filter",
        commands="run",
        suffixes=_JAVASCRIPT,
        variables="BUN_OPTIONS BUN_INSPECT_PRELOAD NODE_OPTIONS NODE_PATH",
    ),
    "php": _Grammar(
        flags="CeHlmnqsvw",
        settings="d",
        values="t",
        loads="cz",
        texts="aBrRSEF",
        scripts="f file",
        variables="PHPRC PHP_INI_SCAN_DIR",
    ),
    "lua": _Grammar(flags="EvW", loads="l", texts="ei", variables="LUA_INIT* LUA_PATH* LUA_CPATH*"),
    "fish": _Grammar(flags="lnNPv", values="dDof", texts="cCi", variables="fish_function_path"),
    "pwsh": _Grammar(
        texts="c",
        long_flags="noprofile nologo noninteractive login sta mta",
        long_values="executionpolicy workingdirectory windowstyle inputformat outputformat",
        long_texts="command encodedcommand commandwithargs noexit",
        scripts="file f",
    ),
    "java": _Grammar(
        joined="X",
        properties="D",
        values="p",
        texts="m",
        long_flags="ea da esa dsa server client",
        long_values=(
            "cp classpath class-path module-path add-modules add-opens add-exports add-reads "
            "limit-modules source enable-native-access"
        ),
        long_texts="module xbootclasspath",
        scripts="jar",
        suffixes=(".jar", ".java"),
        variables="JAVA_TOOL_OPTIONS JDK_JAVA_OPTIONS _JAVA_OPTIONS CLASSPATH",
    ),
    "bash": _SHELL,
    # Another word than these names another program in it.
    "busybox": replace(_SHELL, commands="sh ash bash", suffixes=(".sh", ".bash", ".ash")),
    "tclsh": _Grammar(variables="TCLLIBPATH TCL_LIBRARY"),
    "rscript": _Grammar(
        texts="e",
        long_flags="vanilla no-save no-restore no-environ slave",
        variables="R_PROFILE* R_ENVIRON* R_LIBS*",
    ),
}
# With these, every program runs other code too: ld.so(8), dyld(1), .NET's startup hooks.
_VARIABLES_FOR_ALL = (
    "LD_PRELOAD LD_AUDIT LD_LIBRARY_PATH GCONV_PATH DYLD_INSERT_LIBRARIES DYLD_LIBRARY_PATH "
    "DYLD_FRAMEWORK_PATH DYLD_FALLBACK_*_PATH DYLD_VERSIONED_*_PATH DOTNET_STARTUP_HOOKS "
    "CORECLR_PROFILER* COR_PROFILER*"
)
_ALIASES = {
    "pypy": "python",
    "graalpy": "python",
    "nodejs": "node",
    "luajit": "lua",
    "powershell": "pwsh",
    **dict.fromkeys(("sh", "dash", "ash", "zsh", "ksh", "mksh"), "bash"),
}
SHELLS = frozenset({"bash", "sh", "dash", "ash", "zsh", "fish", "ksh", "mksh", "busybox"})
# A version, and what distributions and builds add to it: python3.13t, python3-dbg, pythonw.
_VERSION = r"w?(?:[-.]?[0-9][0-9.]*[a-z]{0,2})?(?:-(?:dbg|debug|intel|x86|aarch|arm|[0-9])\S*)?"
_NAME = re.compile(rf"({'|'.join((*_GRAMMARS, *_ALIASES))}){_VERSION}")
# Anything else may be the name of a file.
_HARMLESS_VALUE = re.compile(r"[0-9]+[KMGTkmgt]?|true|false|yes|no|on|off")
_MODULE = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")
_ONE_HYPHEN = ("java", "pwsh")  # their long options have one hyphen

# Programs that run whatever they are told, and cannot be known by their file. The first are
# scripts themselves.
_TOOLS = r"ipython|xonsh|poetry|pipx|pdm|hatch|tox|nox|rake|npm|npx|pnpx?|yarn|corepack"
_TOOL = re.compile(rf"(?:{_TOOLS})(?:-cli)?(?:\.[cm]?js|\.py)?")
# Interpreters whose command lines are not read here, and programs with one inside.
_OTHERS = (
    r"(?:bsd-)?t?csh|nu|elvish|osh|ysh|oils-for-unix|yash|sash|posh|rbash|oksh|loksh|rc|es|ion"
    r"|raku|rakudo|moar|racket|sbcl|ecl|clisp|csi|chez|scheme|gosh|janet|fennel|bb|clojure|ghci?"
    r"|runghc|runhaskell|ocaml(?:run)?|octave(?:-cli|-gui)?|scilab|gnuplot|elixir|iex|erl|escript"
    r"|swift|groovy|scala|kotlin|jshell|jruby|jython|micropython|texlua|irb|electron|hhvm|qjs|d8"
    r"|php-?(?:cgi|fpm|dbg)|dart|crystal|k6|swipl|gprolog|maxima|matlab|wolfram(?:kernel)?|pyw?"
    r"|powershell_ise|emacs(?:-nox|-gtk|-x)?|n?vim(?:\.(?:basic|tiny|nox|gtk3))?|[lg]db|lldb|sqlite"
    r"|psql|mysql|mariadb|cargo|go"
)
# What runs a terminal, a service or another program inside itself.
_HOSTS = (
    r"gnome-terminal-.*|konsole|kitty|alacritty|wezterm(?:-gui)?|xterm|u?rxvt|foot|ghostty|ptyxis.*"
    r"|zellij|dtach|abduco|mosh-server|login|s6-supervise|runsv|nix-shell|valgrind|memcheck-.*|rr"
    r"|mshta|rundll32|regsvr32|msbuild|conhost|openconsole|wsl|wslhost"
)
_LAUNCHER = re.compile(
    rf"(?:{_TOOLS}|{_OTHERS}|{_HOSTS}|r|julia|guile|[gmn]?awk|expect|wish|osascript|dotnet|mono|wine|beam\.smp"
    r"|g?make|just|ninja|task|uvx?|env|xargs|find|parallel|watch|entr|timeout|nice|nohup|setsid"
    r"|time|stdbuf|script|strace|sudo|doas|su|runuser|ssh|sshd|sshd-session|tmux|screen|cmd"
    r"|wscript|cscript|systemd|init|tini|dumb-init|docker-init|launchd|crond?|anacron|atd|bwrap|runc|crun|ld-linux.*|qemu-.*)"
    + _VERSION
)


def interpreter_name(stem: str) -> str:
    """Return the plain name of an interpreter, such as `python` for `python3.13t`; else empty."""
    found = _NAME.fullmatch(stem.casefold())
    return found[1] if found else ""


def is_launcher(stem: str) -> bool:
    """Tell whether an executable of this name runs whatever it is told, such as `make` or `uv`."""
    return _LAUNCHER.fullmatch(stem.casefold()) is not None


def is_launching_script(name: str) -> bool:
    """Tell whether a script of this name does, such as `npx-cli.js`."""
    return _TOOL.fullmatch(name.casefold()) is not None


def loads_more_code(interpreter: str, environment: Mapping[str, str]) -> bool:
    """Tell whether a variable of a process makes it run more than its program and its script.

    `interpreter` is its plain name; empty for other programs.
    """
    grammar = _GRAMMARS.get(_ALIASES.get(interpreter, interpreter), _Grammar())
    patterns = f"{_VARIABLES_FOR_ALL} {grammar.variables}".split()
    given = [name for name, value in environment.items() if value]
    return any(fnmatchcase(name, pattern) for name in given for pattern in patterns)


def exported_functions(interpreter: str, environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return the code that a shell takes over from its environment, with its names."""
    if interpreter not in SHELLS:
        return ()
    given = sorted(environment.items())
    return tuple(f"{name}={code}" for name, code in given if name.startswith("BASH_FUNC_"))


def parse_command_line(interpreter: str, arguments: Sequence[str]) -> Invocation:
    """Find what `interpreter` runs with `arguments`, those after its own name."""
    grammar = _GRAMMARS[_ALIASES.get(interpreter, interpreter)]
    parser = _Parser(grammar, list(arguments), one_hyphen=interpreter in _ONE_HYPHEN)
    return parser.parse()


class _Parser:
    """Reads arguments up to the script."""

    def __init__(self, grammar: _Grammar, arguments: list[str], *, one_hyphen: bool) -> None:
        self._grammar = grammar
        self._all = arguments
        self._next = 0
        self._one_hyphen = one_hyphen
        self._loaded: list[str] = []
        self._is_certain = True
        self._found: Invocation | None = None

    def parse(self) -> Invocation:
        if self._all[:1] and self._all[0] in self._grammar.commands.split():
            self._next = 1
        while self._found is None and self._next < len(self._all):
            argument = self._take()
            if argument == "--":
                self._end(self._take())
            elif argument == "-" or argument.startswith("@"):
                self._end("")  # the program is the input, or the options are in a file
            elif argument[0:1] in {"-", "+"}:
                self._read_option(argument)
            elif argument in self._grammar.tools.split():
                self._end("")
            else:
                self._end(argument)
        return self._found or Invocation()

    def _take(self) -> str:
        self._next += 1
        return "".join(self._all[self._next - 1 : self._next])

    def _end(self, script: str, *, module: str = "") -> None:
        suffixes = self._grammar.suffixes
        is_file = not suffixes or script.casefold().endswith(suffixes)
        self._found = Invocation(
            script=script,
            module=module,
            options=tuple(self._all[: self._next - 1]),
            loaded=tuple(self._loaded),
            is_certain=self._is_certain and is_file and bool(script),
        )

    def _read_option(self, argument: str) -> None:
        if argument.startswith("--") or self._one_hyphen:
            self._read_word(argument.lstrip("-"))
        else:
            self._read_letters(argument[1:])

    def _read_word(self, text: str) -> None:
        name, is_joined, value = text.partition("=")
        kind = self._grammar.kind(name.casefold() if self._one_hyphen else name)
        if kind:
            self._apply(kind, value if is_joined else None)
        elif not self._is_harmless(text, value if is_joined else None):
            self._is_certain = False  # the next argument may be its value, or it loads code

    def _is_harmless(self, text: str, value: str | None) -> bool:
        """Whether an option that is not known can neither load code nor have a further value."""
        if text[:1] in self._grammar.properties:
            return value is not None
        if value is None:
            return text[:1] in self._grammar.joined and "/" not in text and "agent" not in text
        return _HARMLESS_VALUE.fullmatch(value) is not None

    def _read_letters(self, letters: str) -> None:
        for index, letter in enumerate(letters):
            kind = self._grammar.kind(letter) or ("texts" if letter in "ceE" else "")
            if kind != "flags":
                if kind:
                    self._apply(kind, letters[index + 1 :] or None)
                else:
                    self._is_certain = False  # the next argument may be its value
                return

    def _apply(self, kind: str, value: str | None) -> None:
        if kind == "texts":
            self._end("")
        elif kind in {"settings", "values", "loads", "scripts", "modules"}:
            given = self._take() if value is None else value
            if kind == "settings" and not _HARMLESS_VALUE.fullmatch(given.partition("=")[2]):
                self._is_certain = False
            if kind == "loads":
                self._loaded.append(given)
            elif kind == "scripts":
                self._end(given)
            elif kind == "modules":
                self._end("", module=given if _MODULE.fullmatch(given) else "")
