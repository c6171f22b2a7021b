"""A policy of one's own for an LLM engine, beside vLLM's and Sarathi's.

::

    python examples/serving_policy.py
    headway compare examples/engine.yaml -s 1

Short prompts overtake long ones by a few seconds at most. Prompts get fewer tokens per step when
steps last longer than an answer can wait for its next token, and more when they do not.
"""

from pathlib import Path

from headway.serving.engine import Policy
from headway.simulate import compare


class ShortAndSteady(Policy):
    """Let short prompts go first, and no step last much longer than `step_s` seconds."""

    def __init__(self, step_s=0.06, patience_s=5.0):
        self.step_s, self.patience_s = step_s, patience_s
        self.tokens, self.before_s = 512.0, 0.0

    def key(self, requests):
        """Order the queue by arrival, long prompts as if they had come later."""
        longest = requests.prompt_tokens.max()
        return requests.arrival_s + self.patience_s * requests.prompt_tokens / longest

    def budget(self, view):
        """Give this step fewer tokens than the last one if that lasted too long."""
        lasted, self.before_s = view.now_s - self.before_s, view.now_s
        self.tokens = 0.8 * self.tokens if lasted > self.step_s else self.tokens + 16
        self.tokens = min(max(self.tokens, len(view.running) + 64), view.budget_left)
        return int(self.tokens)


if __name__ == "__main__":
    experiment = Path(__file__).with_name("engine.yaml")
    print(compare(experiment, ["vllm", "sarathi", "short and steady"], seeds=1))
