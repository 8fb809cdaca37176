import pytest

from modules.catalog.use_cases.html import plain_text, safe_html


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ('<p onclick="x()">Hi</p>', "<p>Hi</p>"),
        ("<script>alert(1)</script>Hi", "Hi"),
        ("<style>p {}</style>Hi", "Hi"),
        ('<a href="javascript:x()">Hi</a>', '<a rel="noopener nofollow">Hi</a>'),
        ('<a href="https://example.com">Hi</a>', '<a href="https://example.com" rel="noopener nofollow">Hi</a>'),
        ("<img src=x onerror=alert(1)>Hi", "Hi"),
        ("<svg><script>x</script></svg>Hi", "Hi"),
        ("<p>One<p>Two", "<p>One</p><p>Two</p>"),
        ("5 < 6 & 7", "5 &lt; 6 &amp; 7"),
        ("<iframe src='https://example.com'></iframe>Hi", "Hi"),
        ("", ""),
    ],
)
def test_only_harmless_html_is_kept(given: str, kept: str) -> None:
    assert safe_html(given) == kept


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("<p>One</p><p>Two <b>bold</b></p>", "One\nTwo bold"),
        ("<ul><li>One</li><li>Two</li></ul>", "One\nTwo"),
        ("One<br>Two", "One\nTwo"),
        ("Tea &amp; coffee&nbsp;here", "Tea & coffee here"),
        ("<script>alert(1)</script>Hi<style>x</style>", "Hi"),
        ("plain  text", "plain text"),
        ("5 < 6", "5 < 6"),
        ("<p>open", "open"),
        ("", ""),
    ],
)
def test_the_plain_text_is_what_a_reader_sees(given: str, read: str) -> None:
    assert plain_text(given) == read
