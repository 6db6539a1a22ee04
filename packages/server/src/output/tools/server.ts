import type { Tool } from './tool.js'

/** Servers of any kind that say they listen. It is asked over HTTP whether they answer. */
export const server: Tool = {
  name: 'Any server',
  spoken: 'by a server',
  rules: [
    {
      // Python warns of a library's line as soon as a server loads it.
      when: /^\/\S{1,300}\/(?:site|dist)-packages\/(?:vllm|sglang|tensorrt_llm|lmdeploy|torch|transformers|text_generation_server)\/\S{1,200}\.py:\d{1,6}: \w{0,40}Warning: /,
      phase: 'model_loading',
      example:
        '/usr/lib/python3/dist-packages/torch/cuda/__init__.py:63: FutureWarning: The pynvml package is deprecated.',
    },
    {
      when: /^Started server process \[\d/,
      phase: 'health_check',
      progress: 87,
      example: 'INFO:     Started server process [1]',
    },
    {
      when: /^Waiting for application startup\./,
      phase: 'health_check',
      progress: 88,
      example: 'INFO:     Waiting for application startup.',
    },
    {
      when: /^Application startup complete\./,
      phase: 'health_check',
      progress: 90,
      example: 'INFO:     Application startup complete.',
    },
    {
      when: /^Uvicorn running on https?:/,
      phase: 'health_check',
      progress: 90,
      example: 'INFO:     Uvicorn running on http://0.0.0.0:8000 (Press CTRL+C to quit)',
    },
    {
      when: /^(?:\* )?Running on (?:local URL: {1,4}|public URL: {1,4})?https?:\/\//,
      phase: 'health_check',
      progress: 90,
      example: ' * Running on http://127.0.0.1:5000',
    },
    {
      when: /^Serving HTTP on \S/,
      phase: 'health_check',
      progress: 90,
      example: 'Serving HTTP on 0.0.0.0 port 8000',
    },
    {
      when: /^(?:\S{1,40} ){0,4}?(?:[Ll]istening (?:on|at):? {1,2}https?:\/\/|[Ss]erver (?:is )?(?:listening|running) (?:on|at)\b)/,
      phase: 'health_check',
      progress: 90,
      example: 'Server is listening on port 3000',
    },
  ],
  causes: [
    {
      code: 'bad_flag',
      when: [
        /^(?:[\w./ -]{1,200}: )?error: (?:unrecognized arguments?|argument \S|the following arguments are required|unexpected argument|ambiguous option|invalid (?:choice|argument|value)|unknown (?:argument|option|flag)|a value is required for|one of the arguments)/,
        /^(?:\S{1,200}: )?(?:error: |Error: )?(?:[Nn]o such option|[Uu]nknown (?:option|flag|shorthand flag|command)|unrecognized option|invalid option|Missing option|Missing argument|Invalid value for)\b/,
        /^ValueError: .{1,200}\b(?:is not supported|is invalid|must be one of)\b.{0,120}\b(?:Expected one of|must be one of)\b/,
        /^(?:[Uu]nknown|[Uu]nrecogni[sz]ed) (?:argument|command[- ]line argument|option)s?:? /,
      ],
      examples: [
        'vllm: error: unrecognized arguments: --no-such-flag',
        "vllm serve: error: argument --tool-call-parser: invalid choice: 'x' (choose from 'hermes')",
        'serve.py: error: argument --dtype: invalid choice: x',
        "error: a value is required for '--model-id <MODEL_ID>' but none was supplied",
        'Error: No such option: --fast',
        "ValueError: dtype='x' is not supported. Expected one of [y].",
        'Unrecognized command-line argument --fast',
      ],
    },
    {
      code: 'port_in_use',
      when: [
        /\b[Aa]ddress already in use\b/,
        /\bport is already allocated\b/,
        // vLLM looks for a free one for itself, and says so.
        /\b[Pp]ort \d{1,5} is (?:already )?(?:in use|taken|occupied)\b(?!,? trying)/,
        /\bEADDRINUSE\b/,
        /\bOnly one usage of each socket address\b/,
      ],
      examples: [
        'OSError: [Errno 98] Address already in use',
        'Bind for 0.0.0.0:8000 failed: port is already allocated',
        'ValueError: port 30000 is already in use',
        'Error: listen EADDRINUSE: 0.0.0.0:8000',
        'bind: Only one usage of each socket address is normally permitted.',
      ],
    },
  ],
}
