import type { Cause } from './cause.js'

/** The model, the hub it comes from, and whether it fits. */
export const model: readonly Cause[] = [
  {
    code: 'bad_hub_token',
    when: [
      /\bInvalid (?:user token|credentials in Authorization header)\b/,
      /\b[Tt]oken\b.{0,60}\b(?:is invalid|has expired|is expired|was revoked)\b/,
      /\b401 Client Error\b.{0,80}\/api\/whoami/,
      /\bLocalTokenNotFoundError\b/,
    ],
    means: 'The token for the Hugging Face hub is not a good one.',
    advice: 'Make a new token with read access and give it as the secret `HF_TOKEN`.',
  },
  {
    code: 'unknown_model',
    when: [
      /\bRepositoryNotFoundError\b|\bRepository Not Found for url\b/,
      /\bis not a local folder and is not a valid model identifier\b/,
      /\bdoes not appear to have a file named config\.json\b/,
      /\bInvalid repository ID or local directory specified\b/,
      /\bRevisionNotFoundError\b/,
    ],
    // A path of the machine is no name of the hub's either, which stops nobody.
    maybe: [
      /\bHFValidationError\b/,
      /\b404 Client Error: Not Found for url: https:\/\/huggingface\.co\//,
    ],
    means: 'There is no such model, or not for this token.',
    advice: 'Check how the model is written; for a private one give a token that may read it.',
  },
  {
    code: 'gated_model',
    when: [
      /\bGatedRepoError\b/,
      /^(?:OSError: )?You are trying to access a gated repo\b/,
      /\bCannot access gated repo for url\b/,
      /\bAccess to model \S{1,200} is restricted\b/,
    ],
    // The hub answers so too where the model is unknown or the token bad, which is said next.
    maybe: [/\b40[13] Client Error: \w{1,40} for url: https:\/\/huggingface\.co\//],
    means: 'The model is gated: its terms must be accepted, and nobody is let in without a token.',
    advice:
      'Accept the terms on the model’s page and give the token of that account as the secret `HF_TOKEN`.',
  },
  {
    code: 'trust_remote_code',
    when: [
      // Without the quotes it is also in the configuration that a running engine prints.
      /[`'"]trust_remote_code=True[`'"]/,
      /\brequires you to execute the configuration file in that repo\b/,
      /\bcontains custom code which must be executed\b/,
    ],
    means: 'The model brings code of its own, which is not run unless that is allowed.',
    advice: 'If you trust its authors, add `--trust-remote-code` to the arguments of vLLM.',
  },
  {
    code: 'unsupported_architecture',
    when: [
      /\bModel architectures? .{1,200} (?:are|is) not supported\b/,
      /\bmodel type `[^`]{1,100}` but Transformers does not recognize this architecture\b/,
      /\bUnrecognized model in \S/,
      /\bhas no vLLM implementation\b/,
    ],
    means: 'This version of the server does not know models of this kind.',
    advice: 'Use a newer version of vLLM and Transformers, or another model.',
  },
  {
    code: 'gpu_memory_utilization',
    when: [/\bFree memory on device\b.{0,120}\bis less than desired GPU memory utilization\b/],
    means: 'Something else holds a part of the GPU’s memory that vLLM was told to take.',
    advice: 'End what else runs on the GPU, or lower `--gpu-memory-utilization`.',
  },
  {
    code: 'kv_cache_too_small',
    when: [/\bNo available memory for the cache blocks\b/],
    means: 'After the weights no GPU memory is left for the KV cache.',
    advice:
      'Use a GPU with more memory or more GPUs (`tensor_parallel`), raise `--gpu-memory-utilization`, or quantize.',
  },
  {
    code: 'context_too_long',
    when: [
      /^(?:ValueError: )?To serve at least one request with the models?'s max seq len\b/,
      /\bmax seq len \(\d{1,10}\) is larger than the maximum number of tokens\b/,
      /\bUser-specified max_model_len \(\d{1,10}\) is greater than the derived\b/,
    ],
    means: 'A request of the full context length does not fit, or is longer than the model allows.',
    advice: 'Lower `--max-model-len`, or use GPUs with more memory.',
  },
  {
    code: 'cuda_out_of_memory',
    when: [
      /\bCUDA out of memory\b/,
      /\bCUDA error: out of memory\b/,
      /\bHIP out of memory\b/,
      /\bCUBLAS_STATUS_ALLOC_FAILED\b/,
    ],
    means: 'The GPU has too little memory for the model with these settings.',
    advice:
      'Use a GPU with more memory or more GPUs (`tensor_parallel`), or lower `--max-num-seqs`, `--max-model-len` or `--gpu-memory-utilization`.',
  },
]
