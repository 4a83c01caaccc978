"""Values that have broken extractors: every kind that was seen in Marketo's files."""

# Written with their quotes unescaped, as one recorded file has it: `"first"Name1"`. None has a
# quote before anything that could be a separator or a line end, so that each can still be read.
STRAY_QUOTES = ('first"Name1', '7"inch,rack', 'say"hi\nthere')

TEXTS = (
    *STRAY_QUOTES,
    "two\nlines",
    "two\r\nlines, the DOS way",
    "lone\rreturn",
    "\rreturn first",
    "nul\x00byte",
    "line\u2028separator",
    "next\u0085line",
    "tab\there",
    "a,b;c d|e",
    'she said "no", twice',
    '"quoted"',
    '"',
    "snow ☃ and 🎉👩‍👩‍👧 party",
    "漢字とかな、한국어",
    "žluťoučký kůň\u00a0úpěl",
    "  spaces around  ",
    "Null",
    "NULL",
    "nil",
    "none",
    "007",
    "1e5",
    "true",
    "=1+1",
    "\\N",
    "back\\slash\\",
    '{"json": [1, 2, null]}',
    "\ufeffmark",
    "e\u0301 is not \u00e9",
    "'",
)

# Beyond the default field limit of Python's csv module, 131,072 characters.
LONG_TEXT = 'Lorem ipsum, dolor "sit" amet;\n' * 4600
