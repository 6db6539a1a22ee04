import type { Tool } from './tool.js'

export const sglang: Tool = {
  name: 'SGLang',
  spoken: 'by a server',
  voice: [
    {
      format: 'sglang',
      phase: 'model_loading',
      example: '[2026-01-02 03:04:07 TP0] Init torch distributed begin.',
    },
  ],
  rules: [
    {
      when: /^\/\S{0,300}sglang\/launch_server\.py:\d{1,6}: /,
      phase: 'model_loading',
      progress: 70,
      example:
        "/usr/lib/sglang/launch_server.py:56: UserWarning: 'python -m sglang.launch_server' is still supported",
    },
    {
      when: /^(?:[./~]\S{0,200}\/)?(?:sglang serve|python3? -m sglang\.launch_server)\b/,
      phase: 'model_loading',
      progress: 70,
      example: 'python3 -m sglang.launch_server --model-path a/b',
    },
    {
      when: /^server_args=ServerArgs\(/,
      phase: 'model_loading',
      progress: 70,
      example: "server_args=ServerArgs(model_path='a/b')",
    },
    {
      when: /^Init torch distributed (?:begin|ends?)\b/,
      phase: 'model_loading',
      progress: 70.5,
      example: 'Init torch distributed begin.',
    },
    {
      when: /^Load weight begin\./,
      phase: 'model_loading',
      progress: 71,
      example: 'Load weight begin. avail mem=78.5 GB',
    },
    {
      when: /^Load weight end\./,
      phase: 'model_loading',
      progress: 80,
      example: 'Load weight end. type=LlamaForCausalLM',
    },
    {
      when: /^(?:KV Cache is allocated|Memory pool end|max_total_num_tokens=\d)/,
      phase: 'model_loading',
      progress: 82,
      example: 'KV Cache is allocated. #tokens: 512',
    },
    {
      when: /^Capture (?:cuda|CUDA|npu) graph begin\b/,
      phase: 'model_loading',
      progress: 83,
      example: 'Capture cuda graph begin. This can take up to several minutes.',
    },
    {
      when: /^Capture (?:cuda|CUDA|npu) graph end\b/,
      phase: 'model_loading',
      progress: 84,
      example: 'Capture cuda graph end. Time elapsed: 5.02 s',
    },
    {
      when: /^The server is fired up and ready to roll/,
      phase: 'health_check',
      progress: 90,
      example: '[2026-01-02 03:04:07] The server is fired up and ready to roll!',
    },
    {
      when: /^Initialization failed\. (?:warmup error|Please see)/,
      level: 'error',
      example: 'Initialization failed. warmup error: Traceback (most recent call last):',
    },
    {
      when: /^(?:Scheduler|Rank \d{1,5} scheduler|Subprocess \w{1,40}) (?:hit an exception|is dead|crashed with exit code [1-9])/,
      level: 'error',
      example: 'Scheduler hit an exception: Traceback (most recent call last):',
    },
    {
      when: /^Received sigquit from a child process\b/,
      level: 'error',
      example: 'Received sigquit from a child process. It usually means the child failed.',
    },
    {
      when: /^Failed to (?:load generation config|get GPU memory capacity)\b/,
      level: 'warn',
      example: '[2026-01-02 03:04:07] Failed to load generation config for a/b: not there',
    },
    {
      when: /^Ignore import error when loading /,
      level: 'warn',
      example: 'Ignore import error when loading sglang.srt.models.a: No module named b',
    },
  ],
  causes: [
    {
      code: 'warmup_failed',
      wraps: [
        /^Initialization failed\. warmup error\b/,
        /\bwarm-?up (?:request )?(?:failed|error)\b/i,
      ],
      examples: ['Initialization failed. warmup error: x', 'Warmup failed: 500'],
    },
    {
      code: 'server_exited',
      wraps: [
        /^Received sigquit from a child process\b/,
        /^(?:Scheduler|Detokenizer|TokenizerManager)\w{0,20} hit an exception\b/,
        /^Subprocess \w{1,40} \(pid=\d{1,10}\) crashed\b/,
        /^Rank \d{1,5} scheduler (?:is dead|died)\b/,
      ],
      examples: [
        'Received sigquit from a child process. It usually means the child failed.',
        'Scheduler hit an exception: Traceback (most recent call last):',
        'Subprocess detokenizer (pid=31379) crashed with exit code -15. Triggering SIGQUIT for cleanup...',
        'Rank 0 scheduler is dead. Please check if there are relevant logs.',
      ],
    },
  ],
}
