"""How the errors of events are told over HTTP."""

from __future__ import annotations

from collections.abc import Mapping

from services.events.domain.errors import (
    InvalidCall,
    SourceNotFound,
    TooLarge,
    TooManyWriteKeys,
    TouchpointNotFound,
    UnknownWriteKey,
    WriteKeyNotFound,
)
from shared.http.problems import ProblemSpec

PROBLEMS: Mapping[type[Exception], ProblemSpec] = {
    InvalidCall: ProblemSpec(status=400, code="invalid_call", title="The call is not valid"),
    TooLarge: ProblemSpec(status=413, code="too_large", title="Too much at once"),
    UnknownWriteKey: ProblemSpec(status=401, code="unknown_write_key", title="The write key is not known"),
    SourceNotFound: ProblemSpec(status=404, code="source_not_found", title="There is no such source"),
    WriteKeyNotFound: ProblemSpec(status=404, code="write_key_not_found", title="There is no such write key"),
    TouchpointNotFound: ProblemSpec(status=404, code="touchpoint_not_found", title="There is no such touchpoint"),
    TooManyWriteKeys: ProblemSpec(status=409, code="too_many_write_keys", title="Two write keys are live already"),
}
