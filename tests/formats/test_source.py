import pytest

from headway.errors import FormatError
from headway.formats.source import Numbers, Source, got
from headway.model.tables import LARGEST_TIME


def source(text: str | bytes) -> Source:
    return Source(text.encode() if isinstance(text, str) else text, name="x")


def test_lines_keep_the_numbers_an_editor_shows():
    lines = source("# head\r\n\r\n1 2 # two\r3\n").lines
    assert [(line.number, line.words) for line in lines] == [(3, ("1", "2")), (4, ("3",))]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_text_is_decoded_as_spreadsheets_and_editors_write_it(encoding):
    assert source("größe 7".encode(encoding)).text == "größe 7"


def test_bytes_that_are_no_text_name_the_line():
    with pytest.raises(FormatError, match="line 2: expected text, found the control character"):
        _ = source(b"1 2\n\x003 4").text


@pytest.mark.parametrize("word", ["5", "+5", "5.", "5.000", "05"])
def test_a_whole_number_may_be_written_with_a_sign_and_empty_decimals(word):
    line = source(word).lines[0]
    assert source(word).whole(word, line, "size") == 5


@pytest.mark.parametrize(
    "word", ["5.5", "1e3", "0x5", "٥", "½", "NaN", "inf", "1_000", "5,0", "-1"]
)
def test_anything_else_is_refused_with_the_word(word):
    line = source("x").lines[0]
    with pytest.raises(FormatError, match="size: expected a whole number of at least 0, got"):
        source("x").whole(word, line, "size")


def test_numbers_too_large_for_a_time_are_refused():
    text = source(str(LARGEST_TIME + 1))
    with pytest.raises(FormatError, match="expected a whole number"):
        text.whole(text.lines[0].words[0], text.lines[0], "duration")


def test_long_words_are_cut_short_in_messages():
    assert len(got("x" * 1000)) < 60


def test_the_header_may_take_one_line_or_two():
    assert source("3 4\n1").header("n m")[0] == [3, 4]
    assert source("3\n4\n1").header("n m")[0] == [3, 4]


def test_numbers_are_taken_across_lines_and_the_end_is_named():
    text = source("1 2\n\n3\n")
    numbers = Numbers(text, text.lines)
    assert numbers.take_many("x", 2) == [1, 2]
    assert numbers.left == 1
    assert numbers.take("x") == 3
    with pytest.raises(FormatError, match="line 3: expected more, but the file ends here"):
        numbers.take("more")
