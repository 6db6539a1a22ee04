import type { Engine } from './engine.js'
import { MORE_ARGUMENTS, pythonSetup } from './scripts.js'

/** The server of llama-cpp-python, which is built on the node: for its GPUs where there is a CUDA compiler. */
export const llamacpp: Engine = {
  version: '0.3.36',
  readyPath: '/v1/models',
  parallel: false,
  needsGpu: false,
  needsModel: true,
  setup: pythonSetup(
    'llama-cpp-python',
    `if command -v nvcc >/dev/null 2>&1; then
  export CMAKE_ARGS="\${CMAKE_ARGS:-} -DGGML_CUDA=on"
fi
"$venv/bin/uv" pip install --python "$venv/bin/python" "llama-cpp-python[server]==$LAUNCHTAIL_ENGINE_VERSION" "huggingface-hub==2.4.0"
`,
  ),
  run: `set -eu
case $LAUNCHTAIL_MODEL in
  /* | ./*) arguments=(--model "$LAUNCHTAIL_MODEL") ;;
  *:*) arguments=(--hf_model_repo_id "\${LAUNCHTAIL_MODEL%%:*}" --model "\${LAUNCHTAIL_MODEL#*:}") ;;
  *) arguments=(--hf_model_repo_id "$LAUNCHTAIL_MODEL" --model '*Q4_K_M.gguf') ;;
esac
arguments+=(--model_alias "$LAUNCHTAIL_MODEL" --host "$LAUNCHTAIL_HOST" --port "$PORT")
if [ "$LAUNCHTAIL_GPUS" != 0 ]; then
  arguments+=(--n_gpu_layers -1)
fi
${MORE_ARGUMENTS}exec "$HOME/launchtail-llama-cpp-python-$LAUNCHTAIL_ENGINE_VERSION/bin/python" -m llama_cpp.server "\${arguments[@]}"
`,
  sets: /^--(?:host|port|model|model_alias|hf_model_repo_id|config_file)(?:=|$)/,
}
