"""C-Eval (Huang et al. 2023): Chinese exam questions on 52 subjects, in the form of lm-eval 0.4.13; letters, 5 shots.

Questions of the validation split: the test answers were unpublished when the implementation was made.
"""

from leaderbench.benchmarks.ceval_subjects import subjects
from leaderbench.benchmarks.chinese_exam import Columns, exam
from leaderbench.benchmarks.multiple_choice import MultipleChoice


def head(subject: str) -> str:
    return f"以下是中国关于{subjects[subject]}的单项选择题，请选出其中的正确答案。\n\n"


def benchmarks() -> list[MultipleChoice]:
    return [
        exam(
            name="ceval/harness",
            summary="lm-eval 0.4.13, 5 shots: letters, micro accuracy over 52 subjects in Chinese",
            dataset="ceval/ceval-exam",
            subjects=tuple(subjects),
            split="val",
            columns=Columns("question", "answer"),
            head=head,
        )
    ]
