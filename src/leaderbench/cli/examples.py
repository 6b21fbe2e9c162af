"""What one may type, for the help of each command and the reference."""

EXAMPLES: dict[str, tuple[str, ...]] = {
    "leaderbench run": (
        "leaderbench run ./my-checkpoint -b mmlu/harness --limit 10",
        "leaderbench run org/name -b mmlu/harness -b hellaswag/harness --device cuda --dtype bfloat16",
        "leaderbench run ./checkpoint-100 ./checkpoint-200 -b mmlu/harness --questions 1000",
    ),
    "leaderbench show": ("leaderbench show", "leaderbench show --by-subset"),
    "leaderbench sample": ("leaderbench sample 3f2a anatomy/17", "leaderbench sample 3f2a anatomy/17 --full"),
    "leaderbench board": (
        "leaderbench board",
        "leaderbench board mmlu/harness",
        "leaderbench board open-llm-v2 --search qwen2.5 --top 20",
    ),
    "leaderbench explain": ("leaderbench explain ./my-checkpoint mmlu/original mmlu/harness-2023 --questions 1000",),
    "leaderbench diff": ("leaderbench diff 3f2a 81c0", "leaderbench diff 3f2a 81c0 --html diff.html"),
    "leaderbench stability": (
        "leaderbench stability --benchmark mmlu",
        "leaderbench stability --published huggingface-2023-06",
    ),
    "leaderbench requests": ("leaderbench requests mmlu/helm --subset anatomy --limit 2 --model ./my-checkpoint",),
    "leaderbench export": ("leaderbench export 3f2a --format csv --output samples.csv",),
    "leaderbench index": ("leaderbench index", "leaderbench index --rebuild"),
    "leaderbench verify": ("leaderbench verify",),
    "leaderbench serve": (
        "leaderbench serve",
        "leaderbench serve --port 7860 --allowed-host board.example.org",
    ),
    "leaderbench doctor": ("leaderbench doctor",),
    "leaderbench demo": ("leaderbench demo",),
    "leaderbench help": ("leaderbench help run", "leaderbench help import csv"),
    "leaderbench list benchmarks": ("leaderbench list benchmarks",),
    "leaderbench list models": ("leaderbench list models --size 3-7B --commercial yes --search 'llama; qwen'",),
    "leaderbench list runs": ("leaderbench list runs",),
    "leaderbench import lm-eval": ("leaderbench import lm-eval results",),
    "leaderbench import open-llm-leaderboard": ("leaderbench import open-llm-leaderboard results",),
    "leaderbench import lighteval": ("leaderbench import lighteval results",),
    "leaderbench import mteb": ("leaderbench import mteb results",),
    "leaderbench import csv": ("leaderbench import csv published.csv", "leaderbench import csv table.csv --board ours"),
}
"""The lines by the whole name of the command; each command has some."""
