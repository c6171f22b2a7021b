"""The excerpts of traces that the tests read, and their formats."""

from __future__ import annotations

from pathlib import Path

TRACES = Path(__file__).parents[2] / "data" / "traces"

FORMATS = {
    "azure_2023_conv.csv": "azure",
    "mooncake_conversation.jsonl": "mooncake",
    "bailian.jsonl": "bailian",
    "burstgpt.csv": "burstgpt",
    "servegen_blocks.jsonl": "servegen",
    "servegen_lengths.jsonl": "servegen",
    "vllm_rtx4090.jsonl": "vllm",
    "agent_sessions.jsonl": "agents",
    "arxiv_summarization_lengths.csv": "lengths",
    "lengths.csv": "lengths",
    "lengths.json": "lengths-json",
    "headway.jsonl": "headway",
}
