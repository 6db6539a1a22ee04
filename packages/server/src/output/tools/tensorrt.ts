import type { Tool } from './tool.js'

/** TensorRT-LLM (`trtllm-serve`, `trtllm-build`) and the Triton server around it. */
export const tensorrt: Tool = {
  name: 'TensorRT-LLM and Triton',
  spoken: 'by a server',
  voice: [
    {
      format: 'tensorrt-llm',
      phase: 'model_loading',
      example: '[TensorRT-LLM] TensorRT-LLM version: 1.2.0'.replace(
        '[TensorRT-LLM] ',
        '[TensorRT-LLM][INFO] ',
      ),
    },
    {
      format: 'glog',
      logger:
        /^(?:cuda_memory_manager|pinned_memory_manager|model_lifecycle|model_repository_manager|server|backend_model|libtensorrtllm|tensorrt|python_be|metrics|tritonserver|libtorch|onnxruntime)\w{0,40}\.cc:/,
      phase: 'model_loading',
      example:
        'I0120 08:28:08.584464 2049 cuda_memory_manager.cc:107] "CUDA memory pool is created"',
    },
  ],
  rules: [
    {
      when: /^\[?TensorRT-LLM\]? TensorRT-LLM version: /,
      phase: 'model_loading',
      progress: 70,
      example: '[TensorRT-LLM] TensorRT-LLM version: 1.2.0',
    },
    {
      when: /^(?:[./~]\S{0,200}\/)?(?:trtllm-serve|tritonserver|trtllm-build|mpirun .{1,300}tritonserver)\b/,
      phase: 'model_loading',
      progress: 70,
      example: 'trtllm-serve TinyLlama/TinyLlama-1.1B-Chat-v1.0',
    },
    {
      when: /^loading: \w/,
      phase: 'model_loading',
      progress: 72,
      example: 'I0120 08:28:09.425345 2049 model_lifecycle.cc:473] "loading: postprocessing:1"',
    },
    {
      when: /^successfully loaded '/,
      phase: 'model_loading',
      progress: 80,
      example:
        "I0120 08:28:09.425345 2049 model_lifecycle.cc:849] successfully loaded 'postprocessing'",
    },
    {
      when: /^Started (?:GRPCInferenceService|HTTPService|Metrics Service) at \S/,
      phase: 'health_check',
      progress: 90,
      example:
        'I0120 08:28:19.1 1 grpc_server.cc:2466] "Started GRPCInferenceService at 0.0.0.0:8001"',
    },
    {
      when: /^failed to load '\S{1,200}' version\b/,
      level: 'error',
      example: "failed to load 'tensorrt_llm' version 1: Internal: x",
    },
  ],
  causes: [
    {
      code: 'incompatible_versions',
      when: [
        /\bunable to find backend library for backend '/,
        /\[json\.exception\.out_of_range\.\d{1,4}\] key '/,
        /\b(?:engine|plan) (?:file )?(?:was )?(?:built|generated|created|serialized) (?:with|for|using) (?:a )?(?:different|incompatible|another) (?:version|device|TensorRT|GPU)/i,
        /\bThe engine plan file is (?:not compatible|generated on an incompatible device)\b/,
        /\bSerialization assertion\b.{0,120}\bfailed\b|\bVersion tag does not match\b/,
      ],
      examples: [
        "failed to load 'tensorrt_llm' version 1: Invalid argument: unable to find backend library for backend 'tensorrtllm'",
        "unexpected error when creating modelInstanceState: [json.exception.out_of_range.403] key 'tokens_per_block' not found",
        'the engine was built with a different version of TensorRT',
        'The engine plan file is not compatible with this version of TensorRT',
        'Serialization assertion stdVersionRead == kSERIALIZATION_VERSION failed. Version tag does not match.',
      ],
    },
    {
      code: 'server_exited',
      wraps: [
        /^error: creating server: Internal - failed to load all models$/,
        /^failed to load all models\b/,
        /^failed to load '[^']{1,200}'$/,
        /\bMPI_ABORT was invoked\b/,
        /\bmpirun (?:noticed|detected) that\b/,
      ],
      examples: [
        'error: creating server: Internal - failed to load all models',
        'failed to load all models',
        "failed to load 'tensorrt_llm'",
        'MPI_ABORT was invoked on rank 0 in communicator MPI_COMM_WORLD',
        'mpirun noticed that process rank 0 exited on signal 6',
      ],
    },
    {
      code: 'model_files',
      when: [
        /\bfailed to (?:poll from model repository|open model repository)\b/,
        /\bno model version was found\b/i,
        /\b(?:engine_dir|engine dir\w{0,6}|config\.pbtxt)\b.{0,200}\b(?:does not exist|not found|no such|unable to)\b/i,
      ],
      examples: [
        "failed to open model repository '/models'",
        'Invalid argument: at least one version must be available: no model version was found',
        'Unable to open config.pbtxt: no such file',
      ],
    },
  ],
}
