"""What an interpreter runs, by its command line: certain, or asked about every time."""

import pytest

from desktop.services.system.interpreters import (
    interpreter_name,
    is_launcher,
    is_launching_script,
    loads_more_code,
    parse_command_line,
)


@pytest.mark.parametrize(
    ("stem", "name"),
    [
        ("python", "python"),
        ("python3.13t", "python"),
        ("python3-dbg", "python"),
        ("python3.11-intel64", "python"),
        ("pythonw", "python"),
        ("Python", "python"),
        ("pypy3.10", "pypy"),
        ("perl5.36-x86_64-linux-gnu", "perl"),
        ("nodejs", "nodejs"),
        ("node22", "node"),
        ("ruby3.1", "ruby"),
        ("php8.2", "php"),
        ("bash", "bash"),
        ("shfmt", ""),
        ("pythonista", ""),
        ("node-exporter", ""),
        ("git", ""),
    ],
)
def test_an_interpreter_is_known_by_its_name(stem: str, name: str) -> None:
    assert interpreter_name(stem) == name


@pytest.mark.parametrize(
    "name",
    [
        *("make", "uv", "env", "npx", "xargs", "sudo", "systemd", "ssh"),
        *("tcsh", "csh", "nu", "elvish", "raku", "racket", "sbcl", "octave-cli", "erl", "escript"),
        *("ocamlrun", "groovy", "emacs-nox", "vim.basic", "nvim", "gdb", "electron", "php-cgi8.2"),
        *("go", "psql", "py", "gnome-terminal-server", "kitty", "wsl", "mshta"),
    ],
)
def test_a_program_that_runs_others_is_a_launcher(name: str) -> None:
    assert is_launcher(name)


def test_a_script_with_an_everyday_name_is_not_a_launcher() -> None:
    assert is_launching_script("npx-cli.js")
    assert is_launching_script("yarn.js")
    assert not is_launching_script("find.py")
    assert not is_launching_script("task.js")
    assert not is_launcher("git-remote-https")


@pytest.mark.parametrize(
    ("interpreter", "line", "script"),
    [
        ("python", "-W ignore x.py arg", "x.py"),
        ("python", "-Wignore x.py", "x.py"),
        ("python", "-bWignore -X dev x.py", "x.py"),
        ("python", "-Xdev -u -- x.py", "x.py"),
        ("python", "--check-hash-based-pycs always x.py", "x.py"),
        ("node", "-r a.js b.js c.js", "b.js"),
        ("node", "--require a.js b.js", "b.js"),
        ("node", "--require=a.js b.js", "b.js"),
        ("node", "--import ./a.mjs --inspect b.js", "b.js"),
        ("node", "--max-old-space-size=4096 b.js", "b.js"),
        ("ruby", "-I lib -r json x.rb", "x.rb"),
        ("ruby", "-Ilib -W0 x.rb", "x.rb"),
        ("perl", "-w -I lib -MJSON x.pl", "x.pl"),
        ("perl", "-0777 -n x.pl", "x.pl"),
        ("bash", "-eu -o pipefail x.sh -c y", "x.sh"),
        ("bash", "+x --norc x.sh", "x.sh"),
        ("bash", "--rcfile own.rc x.sh", "x.sh"),
        ("php", "-d memory_limit=1G -f x.php", "x.php"),
        ("php", "x.php -r y", "x.php"),
        ("busybox", "sh x.sh", "x.sh"),
        ("java", "-XX:+UseZGC -XX:MaxHeapSize=1g -Dfile=a/b -jar x.jar", "x.jar"),
        ("java", "-Xmx1g -Dname=value -ea -jar x.jar y.jar", "x.jar"),
        ("java", "-cp lib.jar X.java", "X.java"),
        ("deno", "run -A --import-map map.json x.ts", "x.ts"),
        ("bun", "run --preload a.ts x.ts", "x.ts"),
        ("pwsh", "-NoProfile -ExecutionPolicy Bypass -File x.ps1", "x.ps1"),
        ("lua", "-l json x.lua", "x.lua"),
    ],
)
def test_the_script_is_found_behind_the_options(interpreter: str, line: str, script: str) -> None:
    found = parse_command_line(interpreter, line.split())
    assert (found.script, found.is_certain) == (script, True)


@pytest.mark.parametrize(
    ("interpreter", "line"),
    [
        ("python", "-c text x.py"),
        ("python", "-Ic text x.py"),
        ("python", "-m http.server x.py"),
        ("python", "-i x.py"),
        ("python", "- x.py"),
        ("python", "-Z value x.py"),
        ("python", "--unknown value x.py"),
        ("python", ""),
        ("node", "-e text x.js"),
        ("node", "-pe text x.js"),
        ("node", "--eval=text x.js"),
        ("node", "--unknown a.js b.js"),
        ("node", "inspect x.js"),
        ("node", "--no-warnings inspect x.js"),
        ("node", "--unknown=file x.js"),
        ("ruby", "-e text x.rb"),
        ("ruby", "-C folder x.rb"),
        ("perl", "-ne text x.pl"),
        ("perl", "-E text x.pl"),
        ("bash", "-c text x.sh"),
        ("bash", "-lc text x.sh"),
        ("bash", "-s x.sh"),
        ("bash", "-i"),
        ("bash", "-l"),
        ("fish", "-C text x.fish"),
        ("php", "-r text x.php"),
        ("java", "-cp lib.jar Main"),
        ("java", "-javaagent:a.jar=options -jar x.jar"),
        ("java", "-m module/Main"),
        ("java", "-Xbootclasspath/a:a.jar -jar x.jar"),
        ("java", "-XX:Flags=options -jar x.jar"),
        ("java", "-XX:OnError=text -jar x.jar"),
        ("java", "--patch-module=a=b -jar x.jar"),
        ("node", "--experimental-config-file=a.json x.js"),
        ("node", "--env-file-if-exists=.env x.js"),
        ("node", "--snapshot-blob=a x.js"),
        ("php", "-d auto_prepend_file=a.php x.php"),
        ("php", "-dauto_prepend_file=a.php x.php"),
        ("php", "--php-ini=a.ini x.php"),
        ("fish", "--init-command=text x.fish"),
        ("busybox", "awk -f x.awk"),
        ("busybox", "sh -c text x.sh"),
        ("java", "@options x.jar"),
        ("deno", "eval text x.ts"),
        ("deno", "task x"),
        ("bun", "run build"),
        ("bun", "x tool"),
        ("pwsh", "-Command text"),
        ("pwsh", "-EncodedCommand text"),
        ("lua", "-e text x.lua"),
        ("tclsh", "-encoding utf-8 x.tcl"),
    ],
)
def test_what_cannot_be_told_is_not_certain(interpreter: str, line: str) -> None:
    assert not parse_command_line(interpreter, line.split()).is_certain


def test_code_that_an_option_loads_counts_too() -> None:
    assert parse_command_line("node", ["-r", "a.js", "b.js"]).loaded == ("a.js",)
    assert parse_command_line("node", ["--import=a.js", "b.js"]).loaded == ("a.js",)
    assert parse_command_line("perl", ["-MJSON", "b.pl"]).loaded == ("JSON",)


def test_options_are_told_without_the_script_and_its_arguments() -> None:
    found = parse_command_line("python", ["-W", "ignore", "x.py", "SECRET"])
    assert found.options == ("-W", "ignore")


@pytest.mark.parametrize(
    ("interpreter", "variable"),
    [
        ("", "LD_PRELOAD"),
        ("", "DYLD_INSERT_LIBRARIES"),
        ("", "DYLD_FALLBACK_LIBRARY_PATH"),
        ("", "CORECLR_PROFILER_PATH"),
        ("python", "LD_LIBRARY_PATH"),
        ("python", "PYTHONSTARTUP"),
        ("pypy", "PYTHONPATH"),
        ("nodejs", "NODE_OPTIONS"),
        ("bun", "BUN_OPTIONS"),
        ("ruby", "RUBYOPT"),
        ("perl", "PERL5OPT"),
        ("php", "PHP_INI_SCAN_DIR"),
        ("lua", "LUA_INIT_5_4"),
        ("sh", "SHELLOPTS"),
        ("bash", "BASH_ENV"),
        ("java", "JAVA_TOOL_OPTIONS"),
        ("rscript", "R_PROFILE_USER"),
    ],
)
def test_a_variable_that_loads_code_counts(interpreter: str, variable: str) -> None:
    assert loads_more_code(interpreter, {"PATH": "/bin", variable: "x"})
    assert not loads_more_code(interpreter, {"PATH": "/bin", variable: ""})


@pytest.mark.parametrize(
    ("interpreter", "variable"),
    [
        ("", "NODE_OPTIONS"),
        ("python", "NODE_OPTIONS"),
        ("python", "PYTHONUNBUFFERED"),
        ("python", "VIRTUAL_ENV"),
        ("node", "NODE_ENV"),
        ("bash", "LANG"),
        ("bash", "ENV"),
    ],
)
def test_other_variables_do_not(interpreter: str, variable: str) -> None:
    assert not loads_more_code(interpreter, {variable: "x"})
