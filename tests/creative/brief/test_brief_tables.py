"""segments.csv and copy.csv: the same as inline, findings with the row's line."""

from __future__ import annotations

import pytest

from tests.support.briefs import BRIEF, Desk

_SEGMENTS = """\
id,description,copy,scene,value,traits.crm,x-by
allotment,"Digs on Sundays, mostly",hook-dig|hook-price,shed at noon,5,dig,Ida

balcony,=SUM(A1),hook-dig,balcony at dawn|window box,,,
"""
_COPY = """\
key;en-GB;de-DE
hook-dig.short;Dig in.;Grab los.
hook-dig.long;{product.name}: dig in.;{product.name}: Grab los.
hook-price.short;Only {offer.price};Nur {offer.price}
cta;Buy now;Jetzt kaufen
script.short;;../scripts/short.de.txt
script;../scripts/long.en.txt;
alt;A bed;"Ein Beet
im Garten"
"""


@pytest.fixture
def tables(desk: Desk) -> Desk:
    """The brief with both tables in a folder of their own."""
    start, end = desk.text.index("segments:"), desk.text.index("include:")
    desk.text = desk.text[:start] + "segments: tables/segments.csv\n" + desk.text[end:]
    start, end = desk.text.index("copy:"), desk.text.index("missing_translation:")
    desk.text = desk.text[:start] + "copy: tables/copy.csv\n" + desk.text[end:]
    desk.write("tables/segments.csv", _SEGMENTS)
    desk.write("tables/copy.csv", _COPY.replace('"Ein Beet\nim Garten"', "Ein Beet"))
    return desk


def test_tables_say_the_same_as_the_brief(tables: Desk, desk: Desk) -> None:
    brief = tables.load()
    assert [segment.id for segment in brief.segments] == ["allotment", "balcony"]
    assert brief.segment("allotment").copy_ == ("hook-dig", "hook-price")
    assert brief.segment("allotment").traits == {"crm": "dig"}
    assert brief.segment("balcony").description == "=SUM(A1)"
    assert brief.segment("balcony").scene == ("balcony at dawn", "window box")
    assert (brief.segment("allotment").value, brief.segment("balcony").value) == (5, 1)
    assert brief.options("hook-dig", "de-DE") == ("{product.name}: Grab los.", "Grab los.")
    assert brief.options("script", "de-DE") == ("Der Spaten von Holm.\nGrab los.",)
    assert brief.options("script", "en-GB")[0].startswith("This is")
    assert brief.line("segments.balcony.scene") == "tables/segments.csv:4"
    assert brief.line("copy.hook-dig.long.de-DE") == "tables/copy.csv:3"
    assert {"tables/segments.csv", "tables/copy.csv"} <= set(brief.media)


def test_excels_ways_are_understood(tables: Desk) -> None:
    want = tables.load().segments
    semicolons = _SEGMENTS.replace('"Digs on Sundays, mostly"', "Digs on Sundays| mostly").replace(",", ";")
    semicolons = semicolons.replace("Sundays| mostly", "Sundays, mostly")
    for text in (
        "\ufeff" + semicolons.replace("\n", "\r\n"),
        "sep=;\n" + semicolons,
        semicolons.replace(";", "\t"),
    ):
        tables.write("tables/segments.csv", text)
        assert tables.load().segments == want
    tables.write("tables/segments.csv", "sep=;\n" + semicolons)
    assert tables.load().line("segments.balcony") == "tables/segments.csv:5"


@pytest.mark.parametrize(
    ("text", "line", "problem", "instead"),
    [
        ("id,copy\nallotment,hook-dig\na b,hook-dig\n", 3, "is not an id: 'a b'", "'a-b'"),
        ("id,copy\nallotment,hook-dig\nallotment,hook-dig\n", 3, "is a second 'allotment'", "Rename"),
        ("id,copy\nallotment,hook-dgi\n", 2, "names the headline 'hook-dgi'", "'hook-dig'"),
        ("id,value\nallotment,many\n", 2, "must be a whole number", ""),
        ("id,vlaue\nallotment,1\n", 1, "not known: 'vlaue'", "Did you mean 'value'?"),
        ("id,value,value\nallotment,1,2\n", 1, "has the column 'value' twice", ""),
        ("name,value\nallotment,1\n", 1, "has no column 'id'", ""),
        ("id,scene\nallotment,a,b\n", 2, "has 3 cells, and the first row has 2", "quotes"),
        ("ID,scene\nallotment,a\n", 1, "has no column 'id'", "Write id for ID"),
        ("id,scene,value\nallotment,a\n", 2, "has 2 cells, and the first row has 3", "each empty cell"),
        ("id,scene\n,a\n", 2, "has no id", "Fill in"),
        ('id,scene\nallotment,"a\n', 2, "is not CSV", "quotation marks"),
        ("", 1, "is an empty table", ""),
        ("id,scene\n", 0, "names a table without rows", ""),
        ("id,description\nallotment,a\u202eb\n", 2, "reading direction", "Remove"),
        (b"id,description\nallotment,caf\xe9\n", 2, "is not UTF-8 in its line 2", "Save it as UTF-8"),
        ("id,description\nallotment,\0\n", 2, "", ""),
    ],
)
def test_segments_findings(tables: Desk, text: str | bytes, line: int, problem: str, instead: str) -> None:
    tables.write("tables/segments.csv", text)
    tables.text = tables.text.replace("[balcony]", "[allotment]").replace("[allotment, ", "[")
    finding = tables.findings()[0]
    assert problem in finding.problem and instead in finding.instead, finding
    if line:
        assert finding.file.endswith("tables/segments.csv") and finding.line == line, finding
    else:
        assert finding.file == str(tables.path) and finding.line == tables.line_of("segments:")


@pytest.mark.parametrize(
    ("old", "new", "line", "problem", "instead"),
    [
        ("key;", "name;", 1, "has no column 'key'", ""),
        ("de-DE\n", "de_DE\n", 1, "not known: 'de_DE'", "such as de-DE"),
        ("hook-dig.short;", "hook-dig;", 2, "has no length", "Write hook-dig.short or hook-dig.long"),
        ("hook-dig.long;", "hook-dig.medium;", 3, "is not a known field", "short"),
        ("hook-dig.long;", "hook-dig.short;", 3, "is written twice", "Remove"),
        ("Nur {offer.price}", "Nur {offer.prise}", 4, "uses {offer.prise}", "'offer.price'"),
        ("Jetzt kaufen", "", 5, "has no text for de-DE", ""),
        ("Ein Beet\n", '"Ein\nBeet"\n', 8, "must be one line", ""),
    ],
)
def test_copy_findings(tables: Desk, old: str, new: str, line: int, problem: str, instead: str) -> None:
    tables.write("tables/copy.csv", (tables.folder / "tables/copy.csv").read_text().replace(old, new, 1))
    finding = tables.findings()[0]
    assert finding.file.endswith("tables/copy.csv") and finding.line == line, finding
    assert problem in finding.problem and instead in finding.instead, finding


def test_other_tables_are_not_supported_yet(desk: Desk) -> None:
    start, end = BRIEF.index("segments:"), BRIEF.index("include:")
    desk.text = BRIEF[:start] + "segments: audience.parquet\n" + BRIEF[end:]
    (finding,) = desk.findings()
    assert "in parquet, which is not supported yet" in finding.problem
    assert finding.line == desk.line_of("segments:")


def test_20_000_segments_are_enough(tables: Desk) -> None:
    rows = "".join(f"s{number}\n" for number in range(20_001))
    tables.write("tables/segments.csv", f"id\n{rows}")
    tables.text = tables.text.replace("segments: [allotment], ", "").replace("segments: [balcony], ", "")
    (finding,) = tables.findings()
    assert (finding.line, "more than 20000 rows" in finding.problem) == (20_002, True)
