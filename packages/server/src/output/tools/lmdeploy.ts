import type { Tool } from './tool.js'

export const lmdeploy: Tool = {
  name: 'LMDeploy',
  spoken: 'by a server',
  voice: [
    {
      logger: /^lmdeploy\b/,
      phase: 'model_loading',
      example: '2026-01-02 03:04:05,678 - lmdeploy - INFO - async_engine.py:195 - enable metrics',
    },
  ],
  rules: [
    {
      when: /^(?:[./~]\S{0,200}\/)?lmdeploy serve\b/,
      phase: 'model_loading',
      progress: 70,
      example: 'lmdeploy serve api_server a/b',
    },
    {
      when: /^\[TM\]\[(?:INFO|WARNING)\] /,
      phase: 'model_loading',
      example: '[TM][INFO] Set logger level',
    },
    {
      when: /^\[TM\]\[(?:ERROR|FATAL)\] /,
      phase: 'model_loading',
      level: 'error',
      example: '[TM][FATAL] It broke',
    },
    {
      when: /^HINT: {1,4}Please open {1,4}(?:\x1b\S{0,20})?http/,
      phase: 'health_check',
      progress: 88,
      example: 'HINT:    Please open http://0.0.0.0:23333 in a browser for detailed api usage!!!',
    },
  ],
  causes: [],
}
