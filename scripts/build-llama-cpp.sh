#!/bin/sh
# Builds llama-cpp-python into a cache, as the task of the engine llamacpp would on a node, for its test. It
# takes a C++ compiler, ten to thirty minutes and 500 MB. Where it was not built, this test is skipped.
set -eu

version=0.3.36
home="${LAUNCHTAIL_LAB_CACHE:-$HOME/.cache/launchtail-lab}/llama-cpp"
venv="$home/launchtail-llama-cpp-python-$version"
mkdir -p "$home"
python3 -m venv "$venv"
"$venv/bin/python" -m pip install "llama-cpp-python[server]==$version" "huggingface-hub==2.4.0"
