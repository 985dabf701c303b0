"""The quick way of filling in a template gives what the sandbox gives, letter by letter and flaw by flaw."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.messaging.adapters.jinja.data import data_of
from services.messaging.adapters.jinja.grammar import VARIABLES
from services.messaging.adapters.jinja.pieces import pieces_of
from services.messaging.adapters.jinja.sandbox import Sandbox, compile_checked
from services.messaging.adapters.jinja.templates import JinjaTemplates, fill_in_sandbox
from services.messaging.domain.campaigns import Sender
from services.messaging.domain.contacts import Contact, LastPurchase
from services.messaging.domain.errors import RenderFailed, TemplateInvalid
from services.messaging.domain.templates import TemplateVersion, Variant

TEMPLATES = JinjaTemplates()
SENDER = Sender("shop@example.com", "Tom & Co <tom>")
URL = "https://x.test/u/1?a=1&b=2"

pieces = st.sampled_from(
    [
        "{{ salutation }}",
        "{{ first_name }}",
        "{{ full_name | upper }}",
        "{{ last_name | default('friend') }}",
        "{{ sender }}",
        "{{ unsubscribe_url }}",
        "{{ unsubscribe_url | escape }}",
        "{{ traits.city | default('-') }}",
        "{{ traits['city'] | default('<b>') | truncate(4) }}",
        "{{ traits.tags | first | default('none') }}",
        "{{ traits.tags | join(', ') | default('-') }}",
        "{{ traits.tags | default('-') }}",
        "{{ traits.a.b | default('?', true) }}",
        "{{ traits.tags | length }}",
        "{{ last_purchase.date | default('never') }}",
        "{{ last_purchase.amount | default(0) }}",
        "{{ 1.50 }}",
        "{{ true }}",
        "{{ 'a' | upper }}",
        "{{ salutation ~ '!' }}",
        "{% if traits.city %}{{ traits.city }}{% endif %}",
        "{% for tag in traits.tags %}{{ tag }},{% endfor %}",
    ]
) | st.text(st.characters(exclude_characters="{}#%", exclude_categories=["Cs"]), max_size=20)
sources = st.lists(pieces, min_size=1, max_size=8).map("".join)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(["None", "<b>&", "王小明"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=5,
)
traits = st.dictionaries(st.sampled_from(["firstName", "lastName", "name", "city", "tags", "a"]), values, max_size=5)
purchases = st.none() | st.just(LastPurchase(datetime(2026, 5, 1, tzinfo=UTC), "o-1", 1250, "GBP", ("Mug",)))


def in_sandbox(source: str, contact: Contact, *, html: bool) -> str:
    """The part as the sandbox alone fills it in, told everything; or its refusal."""
    template = compile_checked(Sandbox(html=html), source)
    data = data_of(contact, VARIABLES, language="en", sender=SENDER, unsubscribe_url=URL)
    return fill_in_sandbox(template, data, "en.html" if html else "en.text")


def outcome(fill: Any) -> str:
    try:
        return f"text {fill()}"
    except RenderFailed as error:
        return f"flaw {error}"


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=300)
@given(sources, traits, purchases, st.booleans())
def test_the_quick_way_says_what_the_sandbox_says(
    source: str, known: dict[str, Any], purchase: LastPurchase | None, html: bool
) -> None:
    contact = Contact("p", language="en-GB", traits=known, last_purchase=purchase)
    variant = Variant("Hi", source, None) if html else Variant("Hi", None, source)
    version = TemplateVersion("t", 1, "en", {"en": variant})
    try:
        TEMPLATES.check(version)
    except TemplateInvalid:
        return

    def quick() -> str | None:
        rendered = TEMPLATES.render(version, contact, sender=SENDER, unsubscribe_url=URL)
        return rendered.html if html else rendered.text

    assert outcome(quick) == outcome(lambda: in_sandbox(source, contact, html=html))


@pytest.mark.parametrize(
    ("source", "simple"),
    [
        ("just text", True),
        ("{{ salutation }}, {{ traits.city | default('-') | upper }}", True),
        ("{{ traits.tags.0 | default('-') }}", True),
        ("{% if traits.city %}{{ traits.city }}{% endif %}", False),
        ("{{ salutation ~ '!' }}", False),
        ("{{ traits.city | default(salutation) }}", False),
    ],
)
def test_only_looking_up_and_filtering_is_taken_apart(source: str, simple: bool) -> None:
    sandbox = Sandbox(html=False)
    assert (pieces_of(sandbox, sandbox.parse(source), html=False) is not None) is simple


def test_what_grows_beyond_the_bound_is_refused_as_in_the_sandbox() -> None:
    source = "{{ traits.long | default('-') }}" * 300
    contact = Contact("p", traits={"long": "&" * 1_000})
    version = TemplateVersion("t", 1, "en", {"en": Variant("Hi", source, None)})
    TEMPLATES.check(version)
    with pytest.raises(RenderFailed, match="gives more than 1000000 characters"):
        TEMPLATES.render(version, contact, sender=SENDER, unsubscribe_url=URL)
