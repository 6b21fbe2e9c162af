"""CMMLU (Li et al. 2023): Chinese exam questions on 67 subjects, in the form of lm-eval 0.4.13; letters, 5 shots."""

from leaderbench.benchmarks.chinese_exam import Columns, exam
from leaderbench.benchmarks.cmmlu_subjects import subjects
from leaderbench.benchmarks.multiple_choice import MultipleChoice


def head(subject: str) -> str:
    return f"以下是关于{subjects[subject]}的单项选择题，请直接给出正确答案的选项。\n\n"


def benchmarks() -> list[MultipleChoice]:
    return [
        exam(
            name="cmmlu/harness",
            summary="lm-eval 0.4.13, 5 shots: letters, micro accuracy over 67 subjects in Chinese",
            dataset="haonan-li/cmmlu",
            subjects=tuple(subjects),
            split="test",
            columns=Columns("Question", "Answer"),
            head=head,
        )
    ]
