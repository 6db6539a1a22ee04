"""Qwen3-8B on Modal. Deployed by modal.sh."""

import subprocess

import modal

image = modal.Image.from_registry("vllm/vllm-openai:v0.11.0", add_python="3.12").entrypoint([])
app = modal.App("qwen", image=image)


@app.function(gpu="L4", timeout=60 * 60, scaledown_window=15 * 60)
@modal.concurrent(max_inputs=64)
@modal.web_server(port=8000, startup_timeout=20 * 60)
def serve():
    model = ["Qwen/Qwen3-8B", "--max-model-len", "8192"]
    subprocess.Popen(["vllm", "serve", *model, "--host", "0.0.0.0", "--port", "8000"])
