"""Board files: what is wrong is said with its place and the nearest name, and hides no other board."""

import re
from pathlib import Path

import pytest

from leaderbench.boards.reading import board, boards, parse
from leaderbench.boards.rules import Rule
from leaderbench.boards.spec import BoardSpec, said
from leaderbench.errors import LeaderbenchError
from tests.boards.conftest import make_spec

good = 'title = "Mine"\n[[columns]]\nbenchmark = "mmlu/helm"\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The boards' folder of a store."""
    made = tmp_path / "boards"
    made.mkdir()
    return made


def test_the_shipped_boards_are_sound_and_speak_english_and_chinese() -> None:
    found = boards()
    assert [item.name for item in found] == ["chinese", "demo", "mmlu", "open-llm-v1", "open-llm-v2"]
    for item in found:
        assert item.spec is not None, item.problem
        for words in (item.spec.title, item.spec.about):
            assert set(words) == {"en", "zh"}
        assert not item.own


def test_the_mmlu_board_has_every_implementation_side_by_side() -> None:
    from leaderbench.benchmarks import registry

    spec = board("mmlu").spec
    assert spec is not None
    assert [column.benchmark for column in spec.columns] == [item.name for item in registry.find("mmlu")]


def test_a_board_of_the_store_stands_beside_the_shipped_ones(folder: Path) -> None:
    (folder / "mine.toml").write_text(good)
    found = board("mine", folder.parent)
    assert found.own
    assert not found.overrides
    assert [item.name for item in boards(folder.parent)][-1] == "mine"


def test_a_board_of_the_store_takes_the_place_of_a_shipped_one_and_says_so(folder: Path) -> None:
    (folder / "mmlu.toml").write_text(good)
    found = board("mmlu", folder.parent)
    assert found.overrides
    assert found.spec is not None
    assert said(found.spec.title) == "Mine"


def test_a_board_that_is_a_link_out_of_the_store_is_not_read(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "theirs.toml").write_text("secret = 1")
    (folder / "mine.toml").symlink_to(elsewhere / "theirs.toml")
    with pytest.raises(LeaderbenchError, match=r"mine.toml cannot be used: it is a link that leads out of the store"):
        board("mine", folder.parent)


def test_a_board_may_be_a_link_within_the_store_and_the_store_a_link_itself(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    (folder / "mine.toml").write_text(good)
    (folder / "again.toml").symlink_to("mine.toml")
    store = tmp_path_factory.mktemp("links") / "store"
    store.symlink_to(folder.parent)
    for name in ("mine", "again"):
        assert board(name, store).spec is not None


def test_a_damaged_board_hides_no_other(folder: Path) -> None:
    (folder / "mine.toml").write_text(good)
    (folder / "syntax.toml").write_text("title = \n")
    (folder / "binary.toml").write_bytes(b"\xff\xfe\x00")
    (folder / "a b.toml").write_text(good)
    (folder / "folder.toml").mkdir()
    (folder / "deep.toml").write_text(f"x = {'[' * 9000}{']' * 9000}")
    found = {item.name: item for item in boards(folder.parent)}
    assert found["mine"].spec is not None
    assert found["demo"].spec is not None
    for name in ("syntax", "binary", "a b", "folder", "deep"):
        assert found[name].spec is None
        assert str(folder / f"{name}.toml") in found[name].problem
    assert "line 1, column 9" in found["syntax"].problem
    with pytest.raises(LeaderbenchError, match=r"syntax\.toml cannot be used: it is no TOML"):
        board("syntax", folder.parent)


@pytest.mark.parametrize("name", ["../boards/mine", "/etc/passwd", "mine.toml", "", "x" * 5000])
def test_only_names_of_boards_are_names(folder: Path, name: str) -> None:
    (folder / "mine.toml").write_text(good)
    with pytest.raises(LeaderbenchError, match="There is no board"):
        board(name, folder.parent)


def test_a_misspelt_board_suggests_the_nearest() -> None:
    with pytest.raises(LeaderbenchError, match="did you mean 'chinese'"):
        board("chinse")


head = 'title = "x"\n'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (head + '[[columns]]\nbenchmark = "mmlu/hlem"', "line 2, board column 1: there is no benchmark 'mmlu/hlem'"),
        (head + '[[columns]]\nbenchmark = "mmlu"', "'mmlu' is a family of benchmarks; choose one of mmlu/original,"),
        (head + '[[columns]]\nbenchmark = "mmlu/harness"\nmetric = "ac"', "no metric 'ac'; did you mean 'acc'"),
        (
            head + '[[columns]]\nbenchmark = "winogrande/harness"\naggregation = "macro"',
            r"no metric acc \(macro\); there are acc \(micro\)",
        ),
        (head + '\n[[columns]]\nimported = "a"\nmetrc = "acc"', "line 5, board column 1: there is no setting 'metrc'"),
        (head + 'rule = "bordo"\n[[columns]]\nimported = "a"', "line 2: rule = 'bordo' is not known; did"),
        ('[[columns]]\nimported = "a"', "'title' is missing"),
        (head, "'columns' is missing"),
        (head + "columns = []", r"a board needs \[\[columns\]\]"),
        (head + '[[columns]]\ntitle = "a"', "it needs either benchmark or imported, and not both"),
        (head + '[[columns]]\nimported = "a"\ndirection = "up"', "line 4, board column 1: direction = 'up'"),
        (head + '[[columns]]\nimported = "a"\nbaseline = 1.0', "the baseline '1.0' is not a number from 0 to below 1"),
        (head + '[[columns]]\nimported = "a"\nbaseline = "1/0"', "the baseline '1/0' is not"),
        (head + '[[columns]]\nimported = "a"\nbaseline = "1/num_choices"', "needs num_choices"),
        (head + '[[columns]]\nimported = "a"\n[[columns]]\nimported = "a"', "two columns are called 'a'"),
        (head + '[[columns]]\nparts = [{ imported = "a" }]', "a column of several parts needs a key"),
        (
            head + '[[columns]]\nkey = "k"\nparts = [\n  { imported = "a" },\n  { benchmark = "mmlu/hlem" },\n]',
            "line 6, board column 1, part 2: there is no benchmark",
        ),
        (head + '[[columns]]\nimported = "a"\n[filters]\nplane = true', "line 5: there is no setting 'plane'"),
        (head + '[[columns]]\nimported = "a"\ndirection = "none"', "no column has a direction and is not optional"),
        (
            head + '[[columns]]\nimported = "a"\n[[columns]]\nimported = "b"\ndirection = "lower"',
            "the mean of columns some of which are better higher and some lower says nothing",
        ),
        (head + 'rule = "language-win-rate"\n[[columns]]\nimported = "a"', "needs languages for every column"),
        (head + 'over = "types"\n[[columns]]\nimported = "a"', "a mean over types needs"),
        (head + "version = 2\n[[columns]]\nimported = 'a'", "line 2: version is '2', but input should be 1"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_place_and_what_was_meant(text: str, told: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse(text)
    assert re.search(told, str(caught.value)), str(caught.value)


@pytest.mark.parametrize(
    ("written", "lower"),
    [
        ("", 0.0), ("baseline = 0.25", 0.25), ('baseline = "1/3"', 1 / 3), ('baseline = "computed"', None),
        ('baseline = "1/num_choices"\nnum_choices = 5', 0.2), ('baseline = "1/num_choices"\nnum_choices = 0', 0.0),
    ],
)  # fmt: skip
def test_a_baseline_is_a_number_a_fraction_or_computed(written: str, lower: float | None) -> None:
    spec = parse(head + f'[[columns]]\nimported = "a"\n{written}')
    assert spec.columns[0].lower == lower


def test_a_text_may_be_given_in_several_languages() -> None:
    spec = parse('[title]\nen = "Exams"\nzh = "考试"\n[[columns]]\nimported = "a"\ntitle = "A"')
    assert [said(spec.title, language) for language in ("zh", "zh-CN", "fr")] == ["考试", "考试", "Exams"]
    assert said(spec.columns[0].title, "zh") == "A"
    assert said({}) == ""


def test_a_byte_order_mark_is_passed_over(folder: Path) -> None:
    (folder / "mine.toml").write_bytes(b"\xef\xbb\xbf" + good.encode())
    assert board("mine", folder.parent).spec is not None


def test_a_board_of_some_columns_keeps_their_order() -> None:
    spec: BoardSpec = make_spec("borda", "a", "b", "c")
    assert [column.name for column in spec.only(["c", "a"]).columns] == ["a", "c"]
    assert spec.only(["c"]).rule is Rule.BORDA
    with pytest.raises(ValueError):
        spec.only([])
