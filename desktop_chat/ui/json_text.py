"""JSON that a person types: read, and told in words where it is none."""

import json
from typing import Any, Final

from desktop_chat.core.i18n import tr
from desktop_chat.core.json import JsonValue

_MOST: Final = 20_000
"""Length of a text, at most."""
_OURS: Final = ("model", "messages", "stream")
_TYPES: Final = ("object", "array", "string", "number", "integer", "boolean", "null")
_DEEPEST: Final = 40


def read_object(text: str) -> tuple[dict[str, Any], str]:
    """Return the object that a text holds, and what is wrong with it, or ""; nothing is empty."""
    if not text.strip():
        return {}, ""
    if len(text) > _MOST:
        return {}, tr("This is too long. Keep it below {count} characters.").format(count=_MOST)
    try:
        found = json.loads(text, parse_constant=_refuse)
    except RecursionError:
        return {}, tr("This is nested too deeply.")
    except json.JSONDecodeError as error:
        sentence = tr("Line {line}, column {column}: this is not JSON. {reason}")
        words = sentence.format(line=error.lineno, column=error.colno, reason=_reason(error))
        return {}, words.strip()
    except ValueError:
        return {}, tr("NaN and Infinity are no JSON. Enter a number.")
    if not isinstance(found, dict):
        return {}, tr("Enter an object: names and values within braces.")
    return found, ""


def read_body(text: str) -> tuple[dict[str, JsonValue], str]:
    """Return the fields of a question that a text holds, and what is wrong with it, or ""."""
    found, fault = read_object(text)
    if ours := next((name for name in _OURS if name in found), ""):
        return {}, tr("{field} is filled by the program. Leave it out.").format(field=ours)
    return found, fault


def read_schema(text: str) -> tuple[dict[str, JsonValue], str]:
    """Return the JSON schema that a text holds, and what is wrong with it, or "".

    It may be the schema alone, or an object with ``name``, ``schema`` and perhaps ``strict``, as
    services want it.
    """
    found, fault = read_object(text)
    if fault or not found:
        return {}, fault
    wrapped = isinstance(found.get("schema"), dict)
    fault = _schema_fault(found["schema"] if wrapped else found, "", 0)
    return ({}, fault) if fault else (found, "")


def _schema_fault(schema: dict[str, Any], place: str, depth: int) -> str:
    """Say what is wrong with a schema, or return ""; ``place`` is the name of what it is for."""
    if depth > _DEEPEST:
        return tr("This is nested too deeply.")
    kinds = schema.get("type")
    for kind in kinds if isinstance(kinds, list) else [kinds] if "type" in schema else []:
        if kind not in _TYPES:
            words = tr("“type” is one of {types}.").format(types=", ".join(_TYPES))
            return _at(place, words)
    properties = schema.get("properties", {})
    if not isinstance(properties, dict):
        return _at(place, tr("“properties” is an object: a name and a schema for each field."))
    if fault := _required_fault(schema.get("required", []), properties, place):
        return fault
    inner = [(name, part) for name, part in properties.items()]
    if "items" in schema:
        inner.append(("items", schema["items"]))
    for name, part in inner:
        if isinstance(part, bool):
            continue
        if not isinstance(part, dict):
            words = tr("A schema is an object, such as {example}.")
            return _at(name, words.format(example='{"type": "string"}'))
        if fault := _schema_fault(part, name, depth + 1):
            return fault
    return ""


def _required_fault(required: object, properties: dict[str, Any], place: str) -> str:
    if not isinstance(required, list) or not all(isinstance(name, str) for name in required):
        return _at(place, tr("“required” is a list of names."))
    lacking = next((name for name in required if properties and name not in properties), "")
    if lacking:
        words = tr("“required” names {field}, which is not among the properties.")
        return _at(place, words.format(field=lacking))
    return ""


def _at(place: str, words: str) -> str:
    return f"{place}: {words}" if place else words


def _refuse(_word: str) -> float:
    raise ValueError


def _reason(error: json.JSONDecodeError) -> str:
    """Return what the parser misses there, in our words."""
    reasons = {
        "Expecting property name enclosed in double quotes": tr(
            "A name in double quotes is expected."
        ),
        "Expecting ':' delimiter": tr("A colon is expected."),
        "Expecting ',' delimiter": tr("A comma is expected."),
        "Expecting value": tr("A value is expected."),
        "Extra data": tr("Something follows the end."),
        "Illegal trailing comma before end of object": tr("A comma is one too many."),
    }
    return reasons.get(error.msg, "")
