import type { Tool } from './tool.js'

/** Text Generation Inference and Text Embeddings Inference: a launcher, shards, a router. */
export const tgi: Tool = {
  name: 'TGI and TEI',
  spoken: 'by a server',
  voice: [
    {
      logger: /^(?:[\w-]{1,60}: )?(?:text_generation|text_embeddings)/,
      phase: 'model_loading',
      example: '2026-01-02T03:04:05Z  INFO text_generation_launcher: Sharding model on 2 processes',
    },
  ],
  rules: [
    {
      when: /^(?:Starting download process|Download file|Downloaded \S{1,300} in |Download: \[)/,
      phase: 'model_loading',
      progress: 71,
      example: 'Starting download process for a/b',
    },
    {
      when: /^Successfully downloaded weights\b/,
      phase: 'model_loading',
      progress: 72,
      example: 'Successfully downloaded weights for a/b',
    },
    {
      when: /^Starting shard\b/,
      phase: 'model_loading',
      progress: 73,
      example: 'Starting shard rank=0',
    },
    {
      when: /^Starting (?:model backend|\w{1,60} model on )/,
      phase: 'model_loading',
      progress: 75,
      example: 'Starting model backend',
    },
    {
      when: /^Waiting for shard to be ready/,
      phase: 'model_loading',
      progress: 75,
      example: 'Waiting for shard to be ready... rank=0',
    },
    {
      when: /^(?:Server started at|Shard ready in) /,
      phase: 'model_loading',
      progress: 80,
      example: 'Shard ready in 20.319623577s rank=0',
    },
    {
      when: /^Starting [Ww]ebserver\b/,
      phase: 'health_check',
      progress: 85,
      example: 'Starting Webserver',
    },
    {
      when: /^Warming up model\b/,
      phase: 'model_loading',
      progress: 82,
      example: 'Warming up model',
    },
    {
      when: /^(?:Connected|Ready|Starting HTTP server: \S{1,200}|Serving revision \S{1,100}.{0,200})$/,
      phase: 'health_check',
      progress: 90,
      example: 'Starting HTTP server: 0.0.0.0:80',
    },
    {
      when: /^Error: (?:ShardCannotStart|ShardFailed|WebserverFailed|WebServer|DownloadError|Could not create backend)/,
      level: 'error',
      example: 'Error: ShardCannotStart',
    },
    {
      when: /^Failed to import python tokenizer\b/,
      level: 'warn',
      example:
        '2026-01-02T03:04:05Z ERROR text_generation_router::server: Failed to import python tokenizer ModuleNotFoundError',
    },
  ],
  causes: [
    {
      code: 'server_exited',
      wraps: [
        /^Error: (?:ShardCannotStart|ShardFailed|WebserverFailed|WebServer|DownloadError)\b/,
        /^Shard \d{1,5} failed to start\b/,
        /^Shutting down shards\b/,
        /^Shard complete standard error output:/,
        /^(?:Error: )?Could not (?:create|start) (?:a suitable )?backend$/,
        /^Could not start backend: Could not start a suitable backend$/,
        /^Download encountered an error:\s{0,4}$/,
      ],
      examples: [
        'Error: ShardCannotStart',
        'Shard 0 failed to start',
        'Shutting down shards',
        'Shard complete standard error output:',
        'Error: Could not create backend',
        'Could not start backend: Could not start a suitable backend',
        'Download encountered an error:',
      ],
    },
    {
      code: 'warmup_failed',
      wraps: [/^(?:Unable to warmup|Error when warming up|WebServer)\b.{0,40}\bmodel\b/],
      examples: ['Unable to warmup the model'],
    },
  ],
}
