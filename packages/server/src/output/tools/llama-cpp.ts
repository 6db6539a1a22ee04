import type { Tool } from './tool.js'

/** llama.cpp's server, and Ollama's runner, which is made of it. */
export const llamaCpp: Tool = {
  name: 'llama.cpp',
  spoken: 'by a server',
  voice: [
    {
      format: 'llama.cpp',
      phase: 'model_loading',
      example: '0.00.363.811 I cmn  common_param: verbosity = 3',
    },
  ],
  rules: [
    {
      when: /^(?:build: \d{1,6} \([0-9a-f]{6,12}\)|(?:ggml_(?:cuda|vulkan|metal|sycl|rocm|hip)_init|ggml_vulkan|load_backend|system_info|build_info): )/,
      phase: 'model_loading',
      progress: 70,
      example: 'ggml_cuda_init: found 1 CUDA devices:',
    },
    {
      when: /^(?:main: (?:binding port|loading model|n_parallel|HTTP server (?:is )?listening)|srv {1,8}(?:load_model|llama_server): loading model|srv {1,4}load_model: loading)/,
      phase: 'model_loading',
      progress: 71,
      example: "srv    load_model: loading model '/models/a.gguf'",
    },
    {
      when: /^(?:llama_(?:model_loader|model_load\w{0,40}|kv_cache\w{0,20}|context|new_context_with_model|init_from_model)|llm_load_\w{1,30}|load|print_info|load_tensors|common_init_from_params|create_tensor|done_getting_tensors|init_tokenizer|sched_reserve): /,
      phase: 'model_loading',
      progress: 72,
      example: 'llama_model_loader: loaded meta data with 30 key-value pairs',
    },
    {
      when: /^(?:load_tensors|llm_load_tensors): .{0,40}(?:offloaded \d|buffer size)/,
      phase: 'model_loading',
      progress: 78,
      example: 'load_tensors: offloaded 33/33 layers to GPU',
    },
    {
      when: /^(?:main: |srv {1,8}\w{1,20}: )?(?:model loaded|all slots are idle)$/,
      phase: 'model_loading',
      progress: 84,
      example: 'main: model loaded',
    },
    {
      when: /^(?:main: |srv {1,8}\w{1,20}: )?(?:server is listening on|listening on) /,
      phase: 'health_check',
      progress: 90,
      example: 'main: server is listening on http://127.0.0.1:8080 - starting the main loop',
    },
    {
      when: /^(?:llama_model_load\w{0,20}|llama_model_loader|alloc_tensor_range|ggml_\w{1,60}|common_init_from_params|srv {1,8}load_model|llama_init_from_model|main): (?:error|exiting due to|failed to|unable to)\b/,
      level: 'error',
      example: "llama_model_load: error loading model: unknown model architecture: 'a'",
    },
    {
      when: /^ggml_\w{1,60}: .{1,200}\bfailed: out of memory/,
      level: 'error',
      example:
        'ggml_backend_cuda_buffer_type_alloc_buffer: allocating 144817.04 MiB on device 0: cudaMalloc failed: out of memory',
    },
    {
      when: /^(?:\S{0,300}: )?(?:CUDA|ROCm|HIP|SYCL|Vulkan) error(?:: |$)/,
      level: 'error',
      example: 'ROCm error: unspecified launch failure',
    },
    {
      when: /^(?:GGML_ASSERT\(|\S{1,300}:\d{1,6}: GGML_ASSERT\()/,
      level: 'error',
      example: '/src/ggml.c:99: GGML_ASSERT(n > 0) failed',
    },
  ],
  causes: [
    {
      code: 'unknown_model',
      when: [/\bfailed to open GGUF file\b|\bgguf_init_from_file: failed to open\b/],
      examples: ["gguf_init_from_file: failed to open GGUF file '/models/a.gguf'"],
    },
    {
      code: 'server_exited',
      wraps: [
        /^(?:main: )?exiting due to model loading error\b/,
        /^(?:srv {1,8}load_model|common_init_from_params|llama_model_load_from_file_impl): failed to load model\b/,
        /^(?:\S{1,60}: )?failed to load model,? '/,
      ],
      examples: [
        'main: exiting due to model loading error',
        'llama_model_load_from_file_impl: failed to load model',
        "srv    load_model: failed to load model, '/models/a.gguf'",
        "common_init_from_params: failed to load model '/models/a.gguf'",
      ],
    },
    {
      code: 'port_in_use',
      when: [/\bcouldn't bind (?:HTTP server socket|to server socket)\b/],
      examples: ["main: couldn't bind HTTP server socket, hostname: 127.0.0.1, port: 8080"],
    },
  ],
}
