"""What a message suggests is another name than the one that was given."""

from leaderbench.benchmarks.nearest import suggestion


def test_the_nearest_name_is_suggested() -> None:
    assert suggestion("mmlu/hlem", ["mmlu/helm", "arc"]) == "; did you mean 'mmlu/helm'?"


def test_a_name_that_was_given_is_never_suggested() -> None:
    assert suggestion("arc", ["arc"]) == "."
    assert suggestion("arc", ["arc", "arc/harness"]) == "; did you mean 'arc/harness'?"
    assert "'exam'" not in suggestion("exam", ["exam", "mmlu"])
