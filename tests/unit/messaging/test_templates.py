from __future__ import annotations

import re
import time
import tracemalloc
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.messaging.adapters.jinja.templates import JinjaTemplates
from services.messaging.adapters.smtp.headers import text_header
from services.messaging.domain.campaigns import Sender
from services.messaging.domain.contacts import Contact, LastPurchase
from services.messaging.domain.errors import RenderFailed, TemplateInvalid
from services.messaging.domain.templates import LONGEST_FILLED_SUBJECT, Rendered, TemplateVersion, Variant
from services.messaging.use_cases.write_letter import TEST_MARK

TEMPLATES = JinjaTemplates()
SENDER = Sender("shop@example.com", "The Shop")
JANE = Contact(
    "p1",
    address="jane@example.com",
    language="en-GB",
    timezone="Asia/Taipei",
    traits={
        "firstName": "Jane",
        "lastName": "Smith",
        "gender": "f",
        "city": "Leeds <&>",
        "tags": ["a", "b"],
        "gone": None,
    },
    last_purchase=LastPurchase(datetime(2011, 12, 8, 20, tzinfo=UTC), "536365", 1250, "GBP", ("Lantern", "Mug")),
)
NOBODY = Contact("p2")
LAST = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


def version(text: str, *, html: str | None = None, subject: str = "Hello") -> TemplateVersion:
    return TemplateVersion("t", 1, "en", {"en": Variant(subject, html, text)})


def fill(text: str, contact: Contact = JANE, **parts: Any) -> Rendered:
    template = version(text, **parts)
    TEMPLATES.check(template)
    return TEMPLATES.render(template, contact, sender=SENDER, unsubscribe_url="https://x.test/u/1")


def refusal(text: str) -> str:
    with pytest.raises(TemplateInvalid) as caught:
        TEMPLATES.check(version(text))
    return str(caught.value)


def test_a_customer_is_told_what_is_known() -> None:
    date = "{% if last_purchase %}{{ last_purchase.date }}{% endif %}"
    amount = "{% if last_purchase.amount %} {{ last_purchase.amount }}{% endif %}"
    source = "{{ salutation }}, " + date + amount
    assert fill(source).text == "Dear Ms Smith, 9 December 2011 £12.50"
    assert fill(source, NOBODY).text == "Dear customer, "


def test_the_reader_s_language_and_form_are_chosen() -> None:
    english = Variant("Hi", None, "Hello")
    chinese = Variant("嗨 {{ full_name }}", None, "{{ salutation }} {{ last_purchase.date | default('x') }}")
    both = TemplateVersion("t", 1, "en", {"en": english, "zh-TW": chinese})
    TEMPLATES.check(both)
    wang = Contact(
        "p", language="zh-Hant", traits={"name": "王小明", "gender": "male"}, last_purchase=JANE.last_purchase
    )
    said = TEMPLATES.render(both, wang, sender=SENDER, unsubscribe_url="u")
    assert (said.language, said.subject, said.text) == ("zh-TW", "嗨 王小明", "王小明先生 2011年12月8日")
    assert TEMPLATES.render(both, NOBODY, sender=SENDER, unsubscribe_url="u").language == "en"


def test_html_is_escaped_and_text_is_not() -> None:
    said = fill("{{ traits.city | default('-') }}", html="<p>{{ traits.city | default('-') }}</p>")
    assert said.text == "Leeds <&>"
    assert said.html == "<p>Leeds &lt;&amp;&gt;</p>"


def test_what_stands_in_a_link_is_escaped() -> None:
    contact = replace(JANE, traits={"ref": "茶 & cake/5"})
    link = "https://shop.example/?ref={{ traits.ref | urlencode }}"
    assert fill(f"{{% if traits.ref %}}{link}{{% endif %}}", contact).text == (
        "https://shop.example/?ref=%E8%8C%B6%20%26%20cake%2F5"
    )


def test_title_begins_words_and_not_what_follows_an_apostrophe_or_a_digit() -> None:
    contact = replace(JANE, traits={"wish": "men's SHOES, 3rd floor (left)"})
    assert fill("{{ traits.wish | default('') | title }}", contact).text == "Men's Shoes, 3rd Floor (Left)"


def test_a_subject_that_values_make_too_long_is_cut_and_the_letter_can_be_sent() -> None:
    contact = replace(JANE, traits={"city": "x" * 1_000})
    subject = fill("Hello", contact, subject="{{ traits.city | default('') }} {{ traits.city | default('') }}").subject
    assert len(subject) == LONGEST_FILLED_SUBJECT
    assert subject.endswith("x…")
    assert text_header("Subject", TEST_MARK + subject).isascii()


def test_names_that_are_missing_print_a_neutral_word_and_are_false() -> None:
    assert fill("Hi {{ first_name }}", NOBODY).text == "Hi customer"
    assert fill("Hi {{ first_name | default('friend') }}", NOBODY).text == "Hi friend"
    assert fill("{% if first_name %}a{% else %}b{% endif %}", NOBODY).text == "b"


def test_loops_and_lists() -> None:
    assert fill("{% for p in last_purchase.products %}{{ loop.index }} {{ p }};{% endfor %}").text == "1 Lantern;2 Mug;"
    assert fill("{% for p in last_purchase.products %}{{ p }}{% else %}nothing{% endfor %}", NOBODY).text == "nothing"
    assert fill("{% if traits.tags %}{{ traits.tags | join(', ') | upper }}{% endif %}").text == "A, B"
    assert fill("{{ traits.tags | first | default('-') }}").text == "a"
    assert fill("{{ ('a', 'b') | last }}{{ ['a', 'b'] | first }}").text == "ba"


@pytest.mark.parametrize(
    "source",
    [
        "{{ traits.city }}",
        "{{ traits['city'] }}",
        "{{ last_purchase.date }}",
        "{% if last_purchase %}{{ last_purchase.amount }}{% endif %}",
        "{% if not traits.city %}{{ traits.city }}{% endif %}",
        "{% if traits.city or traits.town %}{{ traits.city }}{% endif %}",
        "{{ traits.city if traits.town else '' }}",
        "{{ traits.city | upper }}",
        "{{ traits.a ~ 'x' }}",
        "{% for t in traits.list %}{{ t.name }}{% endfor %}",
        "{{ (traits.a ~ 'x') | default('-') }}",
        "{{ traits.list | join(traits.comma) | default('-') }}",
    ],
)
def test_what_may_be_missing_needs_a_default_or_a_question(source: str) -> None:
    assert "may be missing" in refusal(source)


@pytest.mark.parametrize(
    "source",
    [
        "{{ traits.city | default('-') }}",
        "{% if traits.city and salutation %}{{ traits.city }}{% endif %}",
        "{% if not traits.city %}-{% else %}{{ traits.city }}{% endif %}",
        "{% if traits.city is undefined %}-{% elif 1 %}{{ traits.city }}{% endif %}",
        "{{ traits.city if traits.city else '-' }}",
        "{% if traits.city == 'Leeds' %}{{ traits.city }}{% endif %}",
        "{{ traits.city | upper | default('-') }}",
        "{{ traits.list | first | default('-') }}",
        "{{ traits.list | last | urlencode | default('-') }}",
        "{{ traits.list | join(', ') | truncate(9) | default('-') }}",
        "{% if 1 %}{{ last_purchase.products | join(', ') | default('-') }}{% endif %}",
    ],
)
def test_guarded_values_are_printed(source: str) -> None:
    assert (fill(source, NOBODY).text or "").strip() in ("", "-")


REFUSED = """
{{ ''.__class__ }}
{{ salutation.__class__.__mro__ }}
{{ traits['__class__'] }}
{{ self }}
{{ self.__init__ }}
{{ lipsum() }}
{{ cycler('a') }}
{{ namespace() }}
{{ joiner() }}
{{ dict() }}
{{ range(10**9) }}
{{ '%1000000000d' % 1 }}
{{ 'a' * 10**9 }}
{{ 10 ** 10 ** 10 }}
{{ 1 + 1 }}
{{ -1 }}
{{ 'a'.join(['b']) }}
{{ salutation.format(1) }}
{{ '{0.__class__}'.format(1) }}
{{ 'a' | format(1) }}
{{ '%99999d' | format(1) }}
{{ salutation | center(999999999) }}
{{ salutation | indent(999999999) }}
{{ salutation | wordwrap(1) }}
{{ salutation | replace('a', 'aaaaaaaaaa') }}
{{ salutation | attr('upper') }}
{{ salutation | map('upper') }}
{{ [1] | batch(99999999) }}
{{ salutation | safe }}
{{ salutation | pprint }}
{{ traits | tojson }}
{{ traits | xmlattr }}
{% set a = 'b' %}
{% set a %}b{% endset %}
{% macro m() %}{% endmacro %}
{% include 'x' %}
{% import 'x' as y %}
{% extends 'x' %}
{% block b %}{% endblock %}
{% filter upper %}a{% endfilter %}
{% call m() %}{% endcall %}
{% with a = 1 %}{% endwith %}
{% autoescape false %}{% endautoescape %}
{{ salutation[0:99] }}
{{ traits[salutation] }}
{% for a in traits recursive %}{{ loop(a) }}{% endfor %}
{% for a, b in traits.x %}{% endfor %}
{% for a in [1] %}{% endfor %}
{% for a in traits.x %}{% for b in traits.x %}{% for c in traits.x %}{% endfor %}{% endfor %}{% endfor %}
{% for traits in traits.x %}{% endfor %}
{% for a in traits.x if a %}{% endfor %}
{{ loop }}
{% for a in traits.x %}{{ loop.cycle }}{% endfor %}
{{ unknown }}
{{ traits.x is divisibleby 3 }}
{{ salutation
{% if %}
{{ traits }}
{{ last_purchase }}
{{ last_purchase.price }}
{{ salutation | truncate(-5) }}
{{ salutation | truncate(10, 'x' ~ 'y') }}
{{ salutation | default(fallback=1) }}
{{ salutation | join(*traits) }}
{{ salutation | items of }}
{{ 9223372036854775808 }}
{{ 1e999 }}
""".strip().splitlines()
TOO_MUCH = [
    "{{ " + "(" * 20_000 + "1" + ")" * 20_000 + " }}",
    "{{ salutation" + " | upper" * 200 + " }}",
    "{% if 1 %}" * 120 + "{% endif %}" * 120,
    "{% if 1" + " < 1" * 600 + " %}{% endif %}",
    "{{ salutation }}" * 5_000,
    "x" * 100_001,
    "{{ 1" + "0" * 5_000 + " }}",
]


@pytest.mark.parametrize("source", [*REFUSED, *TOO_MUCH], ids=lambda source: source[:40])
def test_what_is_not_in_the_language_is_refused_with_its_line(source: str) -> None:
    assert re.match(r"en\.text, line \d+: .", refusal(source))


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("{{ firstname }}", "there is no variable firstname; did you mean first_name? there are first_name, full_name"),
        ("{{ city }}", "there is no variable city; did you mean traits.city? there are"),
        ("{{ salutation | uper }}", "there is no filter uper; did you mean upper? there are capitalize, "),
        ("{{ salutation | zzz }}", "there is no filter zzz; there are capitalize, "),
    ],
)
def test_what_was_meant_is_guessed(source: str, says: str) -> None:
    assert says in refusal(source)


def test_every_flaw_is_named_with_its_line() -> None:
    with pytest.raises(TemplateInvalid) as caught:
        TEMPLATES.check(
            TemplateVersion("t", 1, "zh-TW", {"en": Variant("a\nb", None, "{{ salutation }}\n{{ nope }}\n{{ 1 + 1 }}")})
        )
    assert {flaw.part for flaw in caught.value.flaws} == {"en.subject"}
    with pytest.raises(TemplateInvalid) as caught:
        TEMPLATES.check(version("{{ salutation }}\n{{ nope }}\n\n{{ 1 + 1 }}"))
    assert [flaw.line for flaw in caught.value.flaws] == [2, 4]


def test_the_dearest_template_allowed_stays_within_its_bounds() -> None:
    long = "Ａ" * 5_000
    contact = Contact("p", traits={"l": [long] * 500, "s": long})
    body = (
        "{% for a in traits.l %}{% for b in traits.l %}"
        + "{{ b | upper | lower | title }}" * 5
        + "{% endfor %}{% endfor %}"
    )
    tracemalloc.start()
    started = time.process_time()
    with pytest.raises(RenderFailed, match="more than"):
        fill(body, contact)
    quiet = (
        "{% for a in traits.l %}{% for b in traits.l %}"
        + "{% if b | upper | lower == 'x' %}{% endif %}" * 4
        + "{% endfor %}{% endfor %}"
    )
    fill(quiet, contact)
    assert time.process_time() - started < 2.0
    assert tracemalloc.get_traced_memory()[1] < 256 * 2**20
    tracemalloc.stop()


@pytest.mark.parametrize(
    ("test", "holding"),
    [
        ("traits.age > 18", [20]),
        ("traits.age <= 18", [18, 0.5]),
        ("18 < traits.age < 30", [20]),
        ("traits.age > 'm'", ["x"]),
        ("'x' in traits.age", ["x", ["x"]]),
        ("'a' in traits.age", [{"a": 1}]),
        ("traits.age in [18, 20]", [18, 20]),
        ("traits.age not in ['x']", [None, 18, 20, 0.5, True, ["x"], {"a": 1}]),
        ("traits.age == 18", [18]),
        ("traits.age != 18", [None, 20, 0.5, True, "x", ["x"], {"a": 1}]),
        ("first_name > 3", []),
    ],
)
def test_what_cannot_be_compared_is_neither_more_nor_less_nor_inside(test: str, holding: list[Any]) -> None:
    ages: list[Any] = [None, 18, 20, 0.5, True, "x", ["x"], {"a": 1}]
    source = "{% if " + test + " %}yes{% else %}no{% endif %}"
    said = {repr(age): fill(source, Contact("p", traits={"age": age})).text for age in ages}
    assert [age for age in ages if said[repr(age)] == "yes"] == holding


@pytest.mark.parametrize("timezone", ["Asia/Taipei", "America/Los_Angeles", "UTC", "../etc", "America", "a\0b", None])
@pytest.mark.parametrize("at", [datetime(1, 1, 1, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC), LAST])
def test_a_date_is_written_in_any_zone(at: datetime, timezone: str | None) -> None:
    purchase = LastPurchase(at)
    said = fill("{{ last_purchase.date | default('-') }}", Contact("p", timezone=timezone, last_purchase=purchase))
    assert said.text is not None
    assert said.text.endswith(f" {at.year}")


def test_joined_values_are_written_as_they_are_printed() -> None:
    source = "{{ 'a<' ~ (traits.n | default(0)) ~ (traits.yes | default(0)) ~ first_name }}"
    contact = Contact("p", traits={"n": 20.0, "yes": True})
    assert fill(source, contact).text == "a<20truecustomer"
    assert fill("x", contact, html=source).html == "a&lt;20truecustomer"
    with pytest.raises(RenderFailed, match="an object cannot be printed"):
        fill(source, Contact("p", traits={"n": {"a": 1}}))


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("{{ last_purchase }}", "last_purchase is no text: name one of its fields"),
        ("{{ last_purchase | default('nothing') }}", "last_purchase is no text: name one of its fields"),
        ("{{ traits | default('nothing') }}", "traits is no text: name one of its fields"),
        ("{% for trait in traits %}x{% endfor %}", "a loop goes over a list of the customer's"),
        ("{% for product in last_purchase %}x{% endfor %}", "a loop goes over a list of the customer's"),
        ("{% for letter in first_name %}x{% endfor %}", "a loop goes over a list of the customer's"),
        ("{{ sender.name }}", "sender is a text: it has no fields"),
        ("{% if traits.vip %}{{ first_name['x'] | default('-') }}{% endif %}", "first_name is a text"),
        ("{{ first_name | first }}", "a text is not a list"),
        ("{{ [1] }}", "a list cannot be printed"),
        ("{{ none }}", "this cannot be printed"),
        ("{{ 'Jane'.upper }}", "upper is missing"),
        ("{{ traits.tags | default('tea') | join(', ') }}", "a text is not a list"),
        ("{{ last_purchase.date | join('/') | default('-') }}", "a text is not a list"),
        ("{% for product in last_purchase.products %}{{ loop.index.x }}{% endfor %}", "x is missing"),
    ],
)
def test_what_no_customer_could_be_written_is_refused(source: str, reason: str) -> None:
    assert reason in refusal(source)


@pytest.mark.parametrize(
    "source",
    ["{% for c in traits.s %}x{% endfor %}", "{{ traits.tags | default('-') }}", "{{ traits.deep | default('-') }}"],
)
def test_a_value_of_the_wrong_kind_fails_with_its_line(source: str) -> None:
    contact = Contact("p", traits={"s": "text", "tags": ["a"], "deep": {"a": "b"}})
    with pytest.raises(RenderFailed, match=r"en\.text, line 2"):
        fill("\n" + source, contact)


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=30)
    | st.sampled_from(["None", "null", "\r\nBcc: x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
names = st.sampled_from(["firstName", "lastName", "name", "gender", "title", "city", "tags", "items"])


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(names, anything, max_size=5), st.none() | st.text(max_size=8))
def test_whatever_the_traits_are_a_text_comes_out_or_a_plain_failure(
    traits: dict[str, Any], language: str | None
) -> None:
    contact = Contact("p", traits=traits, language=language, timezone=language)
    source = "{{ salutation }}|{{ first_name }}|{{ traits.city | default('-') }}"
    source += "|{% for t in traits.tags %}{{ t }}{% endfor %}"
    source += "{% if traits.city > 3 or 'a' in traits.city or traits.tags < traits.city <= 'x' %}!{% endif %}"
    try:
        said = fill(source, contact, subject="{{ full_name }} {{ traits.city | default('-') }}")
    except RenderFailed:
        return
    assert said.text
    assert not re.search(r"\b(None|null|nan|undefined)\b", said.text)
    assert said.subject.isprintable()
