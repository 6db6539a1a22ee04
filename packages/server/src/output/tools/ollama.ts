import type { Tool } from './tool.js'

export const ollama: Tool = {
  name: 'Ollama',
  spoken: 'by a server',
  voice: [
    {
      format: 'go',
      logger: /^(?:routes|images|llama|sched|server|gpu|payload)\.go:\d/,
      phase: 'model_loading',
      example: '2025/02/02 09:23:09 routes.go:1187: INFO server config',
    },
    {
      format: 'logfmt',
      logger:
        /^(?:routes|sched|server|runner|images|ggml|llm|memory|gpu|types|device|amd_linux|download|cuda_common|payload|main)\.go:\d/,
      phase: 'model_loading',
      example: 'time=2026-01-02T03:04:05Z level=INFO source=routes.go:1511 msg="server config"',
    },
  ],
  rules: [
    {
      when: /^Listening on \S{1,200} \(version \S{1,40}\)/,
      phase: 'health_check',
      progress: 90,
      example:
        'time=2026-01-02T03:04:05Z level=INFO source=routes.go:1564 msg="Listening on 127.0.0.1:11434 (version 0.12.6)"',
    },
    {
      when: /^(?:pulling manifest|pulling [0-9a-f]{12}|verifying sha256 digest|writing manifest)/,
      phase: 'model_loading',
      progress: 71,
      example: 'pulling manifest',
    },
    {
      when: /^(?:starting (?:llama )?(?:server|runner)|loading model|loaded runners)/,
      phase: 'model_loading',
      progress: 72,
      example: 'time=2026-01-02T03:04:05Z level=INFO source=server.go:400 msg="starting runner"',
    },
    {
      when: /^llama runner started in /,
      phase: 'model_loading',
      progress: 84,
      example:
        'time=2026-01-02T03:04:05Z level=INFO source=server.go:600 msg="llama runner started in 4.01 seconds"',
    },
    {
      when: /^\[GIN\] \d{4}\/\d\d\/\d\d - \d\d:\d\d:\d\d \| [1-4]\d\d \|/,
      phase: 'health_check',
      progress: 90,
      example: '[GIN] 2026/01/02 - 03:04:05 | 200 |  6.4645ms |  127.0.0.1 | GET  "/api/version"',
    },
    {
      when: /^(?:Load failed|llama runner (?:process )?(?:terminated|has terminated))\b/,
      level: 'error',
      example: 'llama runner terminated',
    },
  ],
  causes: [
    {
      code: 'server_exited',
      wraps: [
        /\bllama runner process has terminated\b/,
        /^error loading llama server\b/,
        /^(?:Load failed|llama runner terminated)\b/,
        /^panic: unable to load model\b/,
      ],
      examples: [
        'Error: llama runner process has terminated: exit status 2',
        'error loading llama server',
        'Load failed',
        'panic: unable to load model: /root/.ollama/models/blobs/sha256-0a1b',
      ],
    },
    {
      code: 'host_out_of_memory',
      when: [/\bmodel requires more system memory \(/],
      examples: ['Error: model requires more system memory (24.1 GiB) than is available (7.9 GiB)'],
    },
  ],
}
