"""Administrative templates for Windows: an ADMX with the policies, and an ADML with English texts.

They don't refer to templates of Windows, because Intune requires that.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from desktop.services.configuration.policy_sources import WINDOWS_KEY
from desktop.services.model.members import Kind, Member
from desktop.services.model.policy import POLICY

_NAMESPACE = "http://schemas.microsoft.com/GroupPolicy/2006/07/PolicyDefinitions"
_VERSION = {"revision": "1.0", "schemaVersion": "1.0"}
_TOP = "XDRLogin"
_SUPPORTED = "SUPPORTED_XDRLogin"
_MAX_LENGTH = "1023"
_ON_OR_OFF = "Enabled: yes. Disabled: no."
_EXAMPLES = {
    "profiles": (
        "Enter the lines of a profiles.toml. Example: [profiles.northwind] on the first line, "
        'name = "Northwind SOC" on the second, followed by preset and client_id.'
    ),
}


@dataclass(frozen=True, slots=True)
class _Policy:
    """One policy; `table` is the table of its member in the schema, or empty."""

    member: Member
    table: str = ""

    @property
    def id(self) -> str:
        return f"{self.table}_{self.member.name}" if self.table else self.member.name

    @property
    def key(self) -> str:
        return rf"{WINDOWS_KEY}\{self.table}" if self.table else WINDOWS_KEY

    @property
    def help(self) -> str:
        is_setting = self.table == "settings"
        default = "users choose" if is_setting else "the default of XDR Login applies"
        values = _ON_OR_OFF if self.member.kind is Kind.BOOLEAN else ""
        example = _EXAMPLES.get(self.id, "")
        parts = (self.member.description, example, values, f"Not configured: {default}.")
        return "\n\n".join(filter(None, parts))


def _policies() -> Iterator[_Policy]:
    for member in POLICY.values():
        if member.kind is Kind.MEMBERS:
            yield from (_Policy(each, member.name) for each in member.members.values())
        else:
            yield _Policy(member)


def _tables() -> tuple[Member, ...]:
    return tuple(each for each in POLICY.values() if each.kind is Kind.MEMBERS)


def template() -> bytes:
    """Return the ADMX."""
    root = ET.Element("policyDefinitions", {"xmlns": _NAMESPACE, **_VERSION})
    namespaces = ET.SubElement(root, "policyNamespaces")
    ET.SubElement(namespaces, "target", prefix="xdrlogin", namespace="XDRLogin.Policies")
    ET.SubElement(root, "resources", minRequiredRevision="1.0")
    definitions = ET.SubElement(ET.SubElement(root, "supportedOn"), "definitions")
    ET.SubElement(definitions, "definition", name=_SUPPORTED, displayName=_string(_SUPPORTED))
    categories = ET.SubElement(root, "categories")
    ET.SubElement(categories, "category", name=_TOP, displayName=_string(_TOP))
    for table in _tables():
        category = ET.SubElement(
            categories, "category", name=_category(table.name), displayName=_string(table.name)
        )
        ET.SubElement(category, "parentCategory", ref=_TOP)
    policies = ET.SubElement(root, "policies")
    for policy in _policies():
        _add_policy(policies, policy)
    return _serialize(root)


def texts() -> bytes:
    """Return the ADML in English."""
    root = ET.Element("policyDefinitionResources", {"xmlns": _NAMESPACE, **_VERSION})
    ET.SubElement(root, "displayName").text = "XDR Login"
    ET.SubElement(root, "description").text = "Policies for XDR Login"
    resources = ET.SubElement(root, "resources")
    strings = ET.SubElement(resources, "stringTable")
    for name, text in _strings():
        ET.SubElement(strings, "string", id=name).text = text
    presentations = ET.SubElement(resources, "presentationTable")
    for policy in _policies():
        _add_presentation(presentations, policy)
    return _serialize(root)


def _add_policy(parent: ET.Element, policy: _Policy) -> None:
    member = policy.member
    made = ET.SubElement(
        parent,
        "policy",
        {
            "name": policy.id,
            "class": "Machine",
            "displayName": _string(policy.id),
            "explainText": _string(f"{policy.id}_help"),
            "key": policy.key,
        },
    )
    ET.SubElement(made, "parentCategory", ref=_category(policy.table) if policy.table else _TOP)
    ET.SubElement(made, "supportedOn", ref=_SUPPORTED)
    if member.kind is Kind.BOOLEAN:
        made.set("valueName", member.name)
        for name, value in (("enabledValue", "1"), ("disabledValue", "0")):
            ET.SubElement(ET.SubElement(made, name), "decimal", value=value)
        return
    made.set("presentation", f"$(presentation.{policy.id})")
    given = {"id": f"{policy.id}_value", "valueName": member.name, "required": "true"}
    elements = ET.SubElement(made, "elements")
    match member.kind:
        case Kind.NUMBER:
            least, most = str(member.allowed[0]), str(member.allowed[-1])
            ET.SubElement(elements, "decimal", given, minValue=least, maxValue=most)
        case Kind.PROFILES:
            ET.SubElement(elements, "multiText", given)
        case Kind.STRING if member.choices:
            choice = ET.SubElement(elements, "enum", given)
            for each in member.choices:
                item = ET.SubElement(choice, "item", displayName=_string(_choice(policy, each)))
                ET.SubElement(ET.SubElement(item, "value"), "string").text = each
        case _:
            ET.SubElement(elements, "text", given, maxLength=_MAX_LENGTH)


def _add_presentation(parent: ET.Element, policy: _Policy) -> None:
    member, value = policy.member, f"{policy.id}_value"
    if member.kind is Kind.BOOLEAN:
        return
    made = ET.SubElement(parent, "presentation", id=policy.id)
    match member.kind:
        case Kind.NUMBER:
            default = str(member.default)
            box = ET.SubElement(made, "decimalTextBox", refId=value, defaultValue=default)
            box.text = member.title
        case Kind.PROFILES:
            ET.SubElement(made, "multiTextBox", refId=value).text = member.title
        case Kind.STRING if member.choices:
            box = ET.SubElement(made, "dropdownList", refId=value, noSort="true", defaultItem="0")
            box.text = member.title
        case _:
            box = ET.SubElement(made, "textBox", refId=value)
            ET.SubElement(box, "label").text = member.title


def _strings() -> Iterator[tuple[str, str]]:
    yield _TOP, "XDR Login"
    yield _SUPPORTED, "XDR Login on Windows 10 or later"
    for table in _tables():
        yield table.name, table.title
    for policy in _policies():
        yield policy.id, policy.member.title
        yield f"{policy.id}_help", policy.help
        for each in policy.member.choices:
            yield _choice(policy, each), each


def _string(name: str) -> str:
    return f"$(string.{name})"


def _choice(policy: _Policy, value: str) -> str:
    return f"{policy.id}_{value}"


def _category(table: str) -> str:
    return f"{_TOP}_{table}"


def _serialize(root: ET.Element) -> bytes:
    ET.indent(root)
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root) + b"\n"
