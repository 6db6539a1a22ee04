import { type Tool, towards } from './tool.js'

/** Pulling and building an image is a part of the installation. */
export const docker: Tool = {
  name: 'docker',
  spoken: 'by anybody',
  rules: [
    {
      when: /^Unable to find image '/,
      phase: 'installing',
      progress: 62,
      level: 'info',
      example: "Unable to find image 'vllm/vllm-openai:latest' locally",
    },
    {
      when: /^\S{1,100}: Pulling from \S/,
      phase: 'installing',
      progress: towards(63, 69),
      example: 'latest: Pulling from vllm/vllm-openai',
    },
    {
      when: /^[0-9a-f]{12}: (?:Download complete|Pull complete|Already exists|Pulling fs layer|Verifying Checksum|Waiting)$/,
      phase: 'installing',
      progress: towards(63, 69),
      example: '4f4fb700ef54: Pull complete',
    },
    {
      when: /^Pulling (?:the )?(?:\S{1,100} ){0,3}(?:[Dd]ocker )?image\b/,
      phase: 'installing',
      progress: 62,
      example: '📥 Pulling vLLM Docker image...',
    },
    {
      when: /^Status: (?:Downloaded newer image|Image is up to date) for /,
      phase: 'installing',
      progress: 69,
      example: 'Status: Downloaded newer image for vllm/vllm-openai:latest',
    },
    {
      when: /^#\d{1,4} (?:\[|DONE\b|CACHED\b|resolve |sha256:|extracting |transferring |exporting |naming )/,
      phase: 'installing',
      progress: towards(63, 69),
      example: '#11 [stage-0 8/9] RUN pip install vllm',
    },
    {
      when: /^(?:Step \d{1,4}\/\d{1,4} : [A-Z]|=> (?:CACHED )?\[[\w -]{1,40}\d{1,3}\/\d{1,3}\] )/,
      phase: 'installing',
      progress: towards(63, 69),
      example: 'Step 3/9 : RUN pip install vllm',
    },
    {
      when: /^#\d{1,4} ERROR: /,
      phase: 'installing',
      level: 'error',
      example:
        '#12 ERROR: process "/bin/sh -c uv sync" did not complete successfully: exit code: 127',
    },
    {
      when: /^failed to (?:solve|build)\b/,
      phase: 'installing',
      level: 'error',
      example:
        'ERROR: failed to solve: process "/bin/sh -c uv sync" did not complete successfully: exit code: 127',
    },
    {
      when: /^docker: (?!.{0,40}\bversion\b)\S/,
      level: 'error',
      example: 'docker: failed to register layer: unlinkat /x: invalid argument.',
    },
    {
      when: /^[a-z0-9][\w.-]{1,127} exited with code [1-9]\d{0,2}(?: \(restarting\))?$/,
      level: 'error',
      example: 'vllm-1 exited with code 1 (restarting)',
    },
  ],
  causes: [
    {
      code: 'image_pull',
      when: [
        /\bpull access denied for \S/,
        /\bmanifest (?:for \S{1,300} not found|unknown)\b/,
        /\bno basic auth credentials\b/,
        /\bfailed to register layer: (?!.{0,300}no space left)/,
        /\bfailed to (?:copy|do request|resolve reference|fetch (?:anonymous|oauth) token)\b.{0,300}\b(?:registry|docker\.io|ghcr|nvcr|httpReadSeeker|image)\b/,
        /\bunexpected status (?:code|from)\b.{0,300}\b(?:manifests|registry|v2)\b/,
      ],
      examples: [
        'Error response from daemon: pull access denied for a/b, repository does not exist',
        'manifest for vllm/vllm-openai:v99 not found: manifest unknown',
        'no basic auth credentials',
        'docker: failed to register layer: unlinkat /x: invalid argument.',
        'failed to resolve reference "docker.io/a/b:c": not found in registry',
        'unexpected status from HEAD request to https://ghcr.io/v2/a/b/manifests/c: 401 Unauthorized',
      ],
    },
    {
      code: 'rate_limited',
      when: [
        /\btoomanyrequests: /,
        /\bYou have reached your (?:unauthenticated )?pull rate limit\b/,
      ],
      examples: [
        'toomanyrequests: You have pulled too often',
        'You have reached your unauthenticated pull rate limit.',
      ],
      advice:
        'Log in to the registry, use a mirror, or wait: it limits how often images are pulled.',
    },
    {
      code: 'no_gpu',
      when: [
        /\bcould not select device driver "[^"]{0,80}" with capabilities: \[\[gpu/,
        /\bnvidia-container-cli: initialization error: (?:load library failed|nvml error: driver not loaded)/,
        /\bfailed to discover GPU vendor from CDI\b/,
      ],
      examples: [
        'could not select device driver "" with capabilities: [[gpu]]',
        'nvidia-container-cli: initialization error: load library failed: libnvidia-ml.so.1',
        'docker: Error response from daemon: failed to discover GPU vendor from CDI: no known GPU vendor found.',
      ],
    },
    {
      code: 'build_failed',
      wraps: [
        /^(?:#\d{1,4} )?(?:ERROR: )?(?:failed to solve: )?process "[^"]{1,1500}" did not complete successfully\b/,
        /^failed to (?:solve|build): /,
      ],
      examples: [
        '#12 ERROR: process "/bin/sh -c uv sync" did not complete successfully: exit code: 127',
        'ERROR: failed to build: failed to solve: x',
        'failed to solve: process "/bin/sh -c make" did not complete successfully: exit code: 2',
      ],
    },
  ],
}

/** Only of what a task runs: in a setup it is a preparation. */
export const compose: Tool = {
  name: 'docker compose',
  spoken: 'by a server',
  rules: [
    {
      when: /^(?:[./~]\S{0,200}\/)?docker[- ]compose(?:\.\S{1,100}\.ya?ml)?(?: -f \S{1,300})? up\b/,
      phase: 'model_loading',
      progress: 70,
      example: 'docker compose -f compose.yaml up',
    },
    {
      when: /^Attaching to [a-z0-9]/,
      phase: 'model_loading',
      progress: 70,
      example: 'Attaching to vllm-1',
    },
  ],
  causes: [],
}
