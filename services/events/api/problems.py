"""How the errors of events are told over HTTP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from services.events.domain.errors import (
    ArchiveFileNotFound,
    InvalidCall,
    SourceNotFound,
    TooLarge,
    TooManyWriteKeys,
    TouchpointNotFound,
    UnknownWriteKey,
    WriteKeyNotFound,
)
from services.events.domain.imports.errors import (
    ImportEnded,
    ImportFileInUse,
    ImportFileNotFound,
    ImportMappingNotFound,
    ImportMappingTaken,
    ImportNotFound,
    TooManyImports,
    UnusableFile,
)
from services.events.domain.inbound.errors import (
    InboundNameTaken,
    InboundSourceNotFound,
    UnusableSecret,
    Unverified,
)
from services.events.domain.retention.errors import (
    RetentionRuleNotFound,
    RetentionScopeTaken,
    TooManyRetentionRules,
)
from services.events.domain.tracking_plan.errors import (
    CorrectionRefused,
    EntryNotFound,
    EntryNotHeld,
    PlanNotFound,
    RuleNotFound,
    RulePublished,
    SchemaRefused,
    TooManyPlans,
)
from services.events.domain.webhooks.errors import (
    DeliveryNotFound,
    DestinationRefused,
    EndpointNotFound,
    ReplayNotFound,
    ReplayRunning,
    TooManyEndpoints,
    TooManySecrets,
    WindowRefused,
)
from shared.http.problems import Flaw, ProblemSpec


def _of_the_url(error: Exception) -> Sequence[Flaw]:
    return [Flaw("/url", str(error))]


PROBLEMS: Mapping[type[Exception], ProblemSpec] = {
    InvalidCall: ProblemSpec(status=400, code="invalid_call", title="The call is not valid"),
    TooLarge: ProblemSpec(status=413, code="too_large", title="Too much at once"),
    UnknownWriteKey: ProblemSpec(status=401, code="unknown_write_key", title="The write key is not known"),
    SourceNotFound: ProblemSpec(status=404, code="source_not_found", title="There is no such source"),
    WriteKeyNotFound: ProblemSpec(status=404, code="write_key_not_found", title="There is no such write key"),
    TouchpointNotFound: ProblemSpec(status=404, code="touchpoint_not_found", title="There is no such touchpoint"),
    TooManyWriteKeys: ProblemSpec(status=409, code="too_many_write_keys", title="Two write keys are live already"),
    EndpointNotFound: ProblemSpec(status=404, code="endpoint_not_found", title="There is no such webhook endpoint"),
    DeliveryNotFound: ProblemSpec(status=404, code="delivery_not_found", title="There is no such webhook delivery"),
    DestinationRefused: ProblemSpec(
        status=403, code="destination_refused", title="Webhooks may not go to this address", flaws=_of_the_url
    ),
    TooManySecrets: ProblemSpec(status=409, code="too_many_secrets", title="Too many secrets sign at once"),
    TooManyEndpoints: ProblemSpec(status=409, code="too_many_endpoints", title="There may be no more endpoints"),
    ReplayNotFound: ProblemSpec(status=404, code="replay_not_found", title="There is no such replay"),
    ReplayRunning: ProblemSpec(status=409, code="replay_running", title="A replay is under way"),
    WindowRefused: ProblemSpec(status=422, code="window_refused", title="The replay cannot cover this time"),
    InboundSourceNotFound: ProblemSpec(
        status=404, code="inbound_source_not_found", title="There is no such inbound source"
    ),
    InboundNameTaken: ProblemSpec(status=409, code="inbound_name_taken", title="The inbound source's name is taken"),
    UnusableSecret: ProblemSpec(status=409, code="unusable_secret", title="The source cannot have these secrets"),
    Unverified: ProblemSpec(status=401, code="unverified", title="The webhook is not verified"),
    PlanNotFound: ProblemSpec(status=404, code="plan_not_found", title="There is no such tracking plan"),
    RuleNotFound: ProblemSpec(status=404, code="rule_not_found", title="There is no such rule"),
    TooManyPlans: ProblemSpec(status=409, code="too_many_plans", title="There may be no more tracking plans or rules"),
    RulePublished: ProblemSpec(status=409, code="rule_published", title="A published rule stays as it is"),
    SchemaRefused: ProblemSpec(
        status=422,
        code="schema_refused",
        title="The JSON Schema is not taken",
        flaws=lambda error: () if error.pointer is None else [Flaw(f"/schema{error.pointer}", str(error))],
    ),
    EntryNotFound: ProblemSpec(status=404, code="entry_not_found", title="There is no such call in quarantine"),
    EntryNotHeld: ProblemSpec(status=409, code="entry_not_held", title="The call is not held any more"),
    ImportMappingNotFound: ProblemSpec(status=404, code="import_mapping_not_found", title="There is no such mapping"),
    ImportMappingTaken: ProblemSpec(status=409, code="import_mapping_taken", title="The mapping's name is taken"),
    ImportFileNotFound: ProblemSpec(status=404, code="import_file_not_found", title="There is no such file"),
    ImportFileInUse: ProblemSpec(status=409, code="import_file_in_use", title="An import still reads the file"),
    ImportNotFound: ProblemSpec(status=404, code="import_not_found", title="There is no such import"),
    ImportEnded: ProblemSpec(status=409, code="import_ended", title="The import has ended"),
    UnusableFile: ProblemSpec(status=422, code="unusable_file", title="The file cannot be used"),
    TooManyImports: ProblemSpec(
        status=409, code="too_many_imports", title="There may be no more mappings, files or imports"
    ),
    CorrectionRefused: ProblemSpec(status=422, code="correction_refused", title="The correction is not taken"),
    ArchiveFileNotFound: ProblemSpec(
        status=404, code="archive_file_not_found", title="There is no such file in the archive"
    ),
    RetentionRuleNotFound: ProblemSpec(
        status=404, code="retention_rule_not_found", title="There is no such retention rule"
    ),
    RetentionScopeTaken: ProblemSpec(
        status=409, code="retention_scope_taken", title="There is a retention rule of these touchpoints already"
    ),
    TooManyRetentionRules: ProblemSpec(
        status=409, code="too_many_retention_rules", title="There may be no more retention rules"
    ),
}
