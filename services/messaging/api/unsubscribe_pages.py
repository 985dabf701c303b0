"""The pages that customers see, in both languages."""

from __future__ import annotations

_FRAME = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 1.1rem/1.6 system-ui, sans-serif; max-width: 32rem; margin: 15vh auto; padding: 0 1.5rem; color: #222; }}
button {{ font: inherit; padding: .6rem 1.4rem; border: 0; border-radius: .4rem; background: #1d4ed8; color: #fff; }}
button:focus-visible {{ outline: 3px solid #1d4ed8; outline-offset: 3px; }}
h1 {{ font-size: 1.6rem; line-height: 1.3; }}
.note {{ padding: .6rem 1rem; border-left: 4px solid #b45309; background: #fffbeb; }}
</style>
</head>
<body>
<main>
{content}
</main>
</body>
</html>
"""

ASK = _FRAME.format(
    title="Unsubscribe · 取消訂閱",
    content="""<h1>Unsubscribe<br><span lang="zh-TW">取消訂閱</span></h1>
<p>You will get no more advertising by e-mail.<br><span lang="zh-TW">您將不再收到我們的行銷郵件。</span></p>
<form method="post"><input type="hidden" name="List-Unsubscribe" value="One-Click">
<button type="submit">Unsubscribe · <span lang="zh-TW">取消訂閱</span></button></form>""",
)

DONE = _FRAME.format(
    title="Unsubscribed · 已取消訂閱",
    content="""<h1>Done<br><span lang="zh-TW">已完成</span></h1>
<p>You are unsubscribed.<br><span lang="zh-TW">您已取消訂閱。</span></p>""",
)

BROKEN = _FRAME.format(
    title="Link not complete · 連結不完整",
    content="""<h1>This link is not complete<br><span lang="zh-TW">此連結不完整</span></h1>
<p>Please use the link in the e-mail as it is, or answer the e-mail and ask to be unsubscribed.<br>
<span lang="zh-TW">請直接點選郵件中的連結，或回覆該郵件要求取消訂閱。</span></p>""",
)

_NOTE = """<p class="note">This came with a test: nobody is unsubscribed here.<br>
<span lang="zh-TW">這是測試郵件的連結，不會取消任何人的訂閱。</span></p>"""


def of_a_test(page: str) -> str:
    """The page as a customer would see it, with a note that it does nothing."""
    return page.replace("<main>", f"<main>\n{_NOTE}")
