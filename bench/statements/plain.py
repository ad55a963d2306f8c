"""The page that the bare engine sets: our words, figures, tables and drawings, in no style of ours."""

import re

# One typeface and one rule for all cells, with the fixed layout that makes tables cheap; the page and the
# text are as large as ours, so that there are as many pages.
_STYLE = """<style>
@font-face { font-family: Plex; src: url("fonts/IBMPlexSans-Regular.woff2") }
@page { size: A4; margin: 20mm 18mm }
html { font: 8pt/1.3 Plex }
table { table-layout: fixed; width: 100%; border-spacing: 0 }
th, td { text-align: left; vertical-align: top; padding: .6mm 1mm }
.beside { display: table; table-layout: fixed; width: 100% }
.side { display: table-cell; vertical-align: top }
svg { width: 174mm; height: 26.8mm }
img { width: 17mm; height: 17mm }
</style></head>"""
_DRESS = re.compile(r'<\?xml[^>]*>|<link [^>]*>|(?<=[a-z0-9]) (?:class|scope)="(?!beside|side)[^"]*"')


def plain(html: str) -> str:
    """Return a document of ours without its style sheets, attachments, and classes but columns."""
    return _DRESS.sub("", html).replace("</head>", _STYLE)
