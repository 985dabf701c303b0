"""CloudEvents over HTTP, read strictly: binary, structured and batched mode.

Source: CloudEvents HTTP protocol binding 1.0.2 (content modes, header values) and JSON event format 1.0.2. The mode is
read from the Content-Type: `application/cloudevents-batch` before `application/cloudevents`, anything else is binary.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from services.events.api.ingest.reading import pointer_in, what_is_no_json
from services.events.domain.cloud_events import CloudEvent, InvalidCloudEvent, check_name, read_cloud_event
from services.events.domain.errors import InvalidCall
from services.events.domain.json_text import checked_json_text
from services.events.domain.storable_text import made_storable, replaced_in
from services.events.use_cases.accept_calls import CallLimits, Lanes
from services.events.use_cases.accept_cloud_events import accept_cloud_events
from shared.http.problems import Problem

_BATCH, _STRUCTURED, _JSON = "application/cloudevents-batch", "application/cloudevents", "+json"
_PREFIX = b"ce-"
_NO_CONTROLS = re.compile(rb"[^\x00-\x1f\x7f]*")
_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})")
_QUOTED_PAIR = re.compile(rb"\\(.)")
_CHARSET = re.compile(r';\s*charset\s*=\s*"?([\w.:-]{1,40})', re.IGNORECASE)
_CHARSETS = frozenset({
    "utf-8", "ascii", "utf-16", "iso8859-1", "iso8859-15", "cp1252", "big5", "cp950", "gb2312", "gbk", "gb18030",
    "shift_jis", "cp932", "euc_jp", "euc_kr",
})  # fmt: skip
"""By Python's names for them: what text/… may be written in."""
_value = msgspec.json.Decoder()
_object = msgspec.json.Decoder(dict[str, msgspec.Raw])
_array = msgspec.json.Decoder(list[dict[str, msgspec.Raw]])

Headers = Iterable[tuple[bytes, bytes]]


def accept_events(headers: Headers, body: bytes, limits: CallLimits) -> Lanes:
    """The events of one request as calls. Raises InvalidCloudEvent, InvalidCall, TooLarge or Problem 415."""
    headers = list(headers)
    content_type = next((value for name, value in headers if name == b"content-type"), b"").decode("latin-1").strip()
    essence = _essence(content_type)
    if essence.startswith(_BATCH):
        _require_json(essence, _BATCH)
        return accept_cloud_events(_batched(body), limits, in_batch=True)
    if essence.startswith(_STRUCTURED):
        _require_json(essence, _STRUCTURED)
        fields = _decoded(_object, checked_json_text(body))
        return accept_cloud_events([_structured(fields)], limits, in_batch=False)
    return accept_cloud_events([_binary(headers, content_type, body)], limits, in_batch=False)


def may_be_packed(headers: Mapping[bytes, bytes]) -> bool:
    """Whether a body that begins like gzip is gzip of what is meant, and not itself the data of an event."""
    if b"gzip" in headers.get(b"content-encoding", b"").lower():
        return True
    essence = _essence(headers.get(b"content-type", b"").decode("latin-1"))
    return essence.startswith(_STRUCTURED) or _is_json(essence)


def _essence(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _is_json(essence: str) -> bool:
    return essence in ("application/json", "text/json") or essence.endswith(_JSON)


def _require_json(essence: str, mode: str) -> None:
    if essence != mode + _JSON:
        taken = f"CloudEvents are taken as {mode}{_JSON}, not as {essence[:100]}"
        raise Problem(415, "unsupported_media_type", taken)


def _batched(body: bytes) -> list[CloudEvent]:
    events = []
    for index, fields in enumerate(_decoded(_array, checked_json_text(body))):
        try:
            events.append(_structured(fields))
        except InvalidCloudEvent as error:
            raise InvalidCloudEvent(error.code, str(error), attribute=error.attribute, index=index) from error
    return events


def _structured(fields: Mapping[str, msgspec.Raw]) -> CloudEvent:
    texts = {name: bytes(text) for name, text in fields.items() if name not in ("data", "data_base64")}
    for name, text in texts.items():
        check_name(name)
        if replaced_in(text):
            message = f"{name} holds a lone surrogate or U+0000, which no attribute may (CloudEvents, type system)"
            raise InvalidCloudEvent("invalid_attribute", message, attribute=name)
    attributes = {name: _decoded(_value, text) for name, text in texts.items()}
    data, packed = fields.get("data"), fields.get("data_base64")
    if packed is None:
        return read_cloud_event(attributes, None if data is None else bytes(data))
    if data is not None:
        raise InvalidCloudEvent("data_twice", "data and data_base64 exclude each other", attribute="data_base64")
    stated = attributes.get("datacontenttype")
    unpacked = _unpacked(_decoded(_value, bytes(packed)))
    return read_cloud_event(attributes, _as_json(unpacked, stated if isinstance(stated, str) else ""))


def _unpacked(value: Any) -> bytes:
    try:
        if not isinstance(value, str):
            raise ValueError("no text")
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        message = "data_base64 must be a Base64 text (RFC 4648)"
        raise InvalidCloudEvent("invalid_attribute", message, attribute="data_base64") from error


def _binary(headers: Headers, content_type: str, body: bytes) -> CloudEvent:
    attributes: dict[str, object] = {}
    for header, value in headers:
        if not header.startswith(_PREFIX):
            continue
        name = header[len(_PREFIX) :].decode("latin-1")
        check_name(name)
        if name in attributes:
            raise InvalidCloudEvent("attribute_twice", f"the header ce-{name} comes twice", attribute=name)
        if name in ("datacontenttype", "data"):
            message = f"ce-{name} is not sent: in binary mode Content-Type and the body say it"
            raise InvalidCloudEvent("invalid_attribute_name", message, attribute=name)
        attributes[name] = _header_text(name, value)
    if content_type:
        attributes["datacontenttype"] = content_type
    return read_cloud_event(attributes, _as_json(body, content_type) if body else None)


def _header_text(name: str, value: bytes) -> str:
    """An attribute from its header: quotes, then one round of percent-decoding, are taken away.

    The binding has all but printable ASCII percent-encoded; UTF-8 as it is, which the SDK for Go sends, says the same.
    """
    value = value.strip()
    if len(value) >= 2 and value.startswith(b'"') and value.endswith(b'"'):
        value = _QUOTED_PAIR.sub(rb"\1", value[1:-1])
    try:
        if not _NO_CONTROLS.fullmatch(value):
            raise ValueError("control characters")
        return _ESCAPE.sub(lambda match: bytes.fromhex(match[1].decode()), value).decode()
    except ValueError as error:
        message = f"the header ce-{name} is not text in UTF-8, percent-encoded or as it is"
        raise InvalidCloudEvent("invalid_attribute", message, attribute=name) from error


def _as_json(data: bytes, content_type: str) -> bytes:
    """Data as JSON text: JSON is itself, text is a string, anything else `{"data_base64": …}`.

    Data of no stated type is JSON (JSON event format, section 3.1) if it can be.
    """
    essence = _essence(content_type)
    if not essence or _is_json(essence):
        try:
            return _sound_json(data)
        except InvalidCall as error:
            if essence:
                raise InvalidCloudEvent(error.code, f"data is said to be JSON: {error}", attribute="data") from error
    if essence.startswith("text/"):
        return made_storable(msgspec.json.encode(_text(data, content_type)))
    return msgspec.json.encode({"data_base64": base64.b64encode(data).decode()})


def _sound_json(data: bytes) -> bytes:
    text = checked_json_text(data)
    _decoded(_value, text)
    return text


def _text(data: bytes, content_type: str) -> str:
    """Data as the text that its charset makes it; UTF-8 where none is stated."""
    stated = _CHARSET.search(content_type)
    charset = stated[1] if stated else "utf-8"
    try:
        if codecs.lookup(charset).name not in _CHARSETS:
            raise LookupError(charset)
        text = data.decode(charset)
    except LookupError as error:
        message = f"text in {charset} is not taken; send UTF-8, or data_base64 in structured mode"
        raise InvalidCloudEvent("invalid_data", message, attribute="data") from error
    except UnicodeDecodeError as error:
        message = f"data is said to be text and is not {charset.upper()}"
        raise InvalidCloudEvent("invalid_data", message, attribute="data") from error
    return text


def _decoded(decoder: msgspec.json.Decoder[Any], body: bytes) -> Any:
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise InvalidCall("invalid_event", str(error), within=pointer_in(error)) from error
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        raise InvalidCall("invalid_json", f"the body is not JSON: {what_is_no_json(error, body)}") from error
