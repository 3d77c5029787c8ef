"""`xdr-login completion`: scripts that let a shell complete commands, options and profiles."""

from __future__ import annotations

import os

import click
from click.shell_completion import (
    CompletionItem,
    ShellComplete,
    add_completion_class,
    get_completion_class,
)

from desktop.cli.terminal import COMPLETE_VARIABLE
from desktop.cli.terminal.help import CommandWithExamples
from desktop.cli.terminal.output import print_result

PROGRAM = "xdr-login"


@add_completion_class
class BashComplete(click.shell_completion.BashComplete):
    """Bash, without a space after a value that continues, such as a service of `api`."""

    source_template = click.shell_completion.BashComplete.source_template.replace(
        "            COMPREPLY+=($value)\n",
        "            COMPREPLY+=($value)\n"
        "            [[ $value == */ ]] && compopt -o nospace 2>/dev/null\n",
    )


@add_completion_class
class PowerShellComplete(ShellComplete):
    """PowerShell 5.1 and 7: https://learn.microsoft.com/powershell, Register-ArgumentCompleter."""

    name = "powershell"
    source_template = """\
Register-ArgumentCompleter -Native -CommandName %(prog_name)s -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $words = $commandAst.CommandElements |
        Where-Object { $_.Extent.EndOffset -lt $cursorPosition } |
        ForEach-Object { if ($null -ne $_.Value) { $_.Value } else { $_.Extent.Text } }
    $env:%(complete_var)s = 'powershell_complete'
    $env:COMP_WORDS = $words -join "`n"
    $env:COMP_INCOMPLETE = $wordToComplete
    try {
        & %(prog_name)s | ForEach-Object {
            $value, $help = $_ -split "`t", 2
            if (-not $help) { $help = $value }
            [System.Management.Automation.CompletionResult]::new(
                $value, $value, 'ParameterValue', $help)
        }
    } finally {
        Remove-Item Env:%(complete_var)s, Env:COMP_WORDS, Env:COMP_INCOMPLETE -ErrorAction Ignore
    }
}
"""

    def get_completion_args(self) -> tuple[list[str], str]:
        """Give the complete words, and the one being typed."""
        words = os.environ.get("COMP_WORDS", "").split("\n")
        return words[1:], os.environ.get("COMP_INCOMPLETE", "")

    def format_completion(self, item: CompletionItem) -> str:
        """Join value and help with a tab."""
        return f"{item.value}\t{item.help}" if item.help else str(item.value)


def completion_script(shell: str) -> str:
    from desktop.cli.program import program

    kind = get_completion_class(shell)
    if kind is None:
        raise click.BadParameter(shell)
    return kind(program, {}, PROGRAM, COMPLETE_VARIABLE).source()


@click.command(
    cls=CommandWithExamples,
    examples="""\
eval "$(xdr-login completion bash)"                     in ~/.bashrc
eval "$(xdr-login completion zsh)"                      in ~/.zshrc, after compinit
xdr-login completion fish > ~/.config/fish/completions/xdr-login.fish
xdr-login completion powershell | Out-String | Invoke-Expression
                                                        in $PROFILE
""",
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish", "powershell"]))
def completion(shell: str) -> None:
    """The script completes commands, options and profiles.

    The Linux packages include the script for bash, zsh and fish.
    """
    print_result(completion_script(shell))
