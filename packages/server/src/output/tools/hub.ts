import type { Tool } from './tool.js'

/** The Hugging Face hub, and what Transformers and safetensors say of a model's files. */
export const hub: Tool = {
  name: 'The Hugging Face hub and model files',
  spoken: 'by a server',
  rules: [
    {
      when: /^You are trying to access a gated repo\b/,
      level: 'error',
      example: 'You are trying to access a gated repo.',
    },
    {
      when: /^Cannot access gated repo for url /,
      level: 'error',
      example:
        'Cannot access gated repo for url https://huggingface.co/a/b/resolve/main/config.json.',
    },
  ],
  causes: [
    {
      code: 'bad_hub_token',
      when: [
        /\bInvalid (?:user token|credentials in Authorization header)\b/,
        /\b[Tt]oken\b.{0,60}\b(?:is invalid|has expired|is expired|was revoked)\b/,
        /\b401 Client Error\b.{0,80}\/api\/whoami/,
        /\bLocalTokenNotFoundError\b/,
      ],
      examples: [
        'huggingface_hub.errors.HfHubHTTPError: 401 Client Error. Invalid credentials in Authorization header',
        'ValueError: the token `tok` is invalid.',
        '401 Client Error: for url: https://huggingface.co/api/whoami-v2',
        'huggingface_hub.errors.LocalTokenNotFoundError: none',
      ],
    },
    {
      code: 'rate_limited',
      when: [
        /\b429 Client Error\b/,
        /\b(?:HTTP|status(?: code)?)[ :]{1,2}429\b/i,
        /\bToo Many Requests\b/,
      ],
      examples: [
        '429 Client Error: Too Many Requests for url: https://huggingface.co/a/b',
        'HTTP 429 from the hub',
        'We had to rate limit your IP: Too Many Requests',
      ],
    },
    {
      code: 'unknown_model',
      when: [
        /\bRepositoryNotFoundError\b|\bRepository Not Found for url\b/,
        /\bis not a local folder and is not a valid model identifier\b/,
        /\bRevisionNotFoundError\b/,
        /\bRepo id must (?:be in the form|use alphanumeric chars)/,
        /\bmodel ['"`]?[\w./:-]{1,200}['"`]? (?:was )?not found\b/i,
        /\bpull model manifest: file does not exist\b/,
        /\b(?:The )?(?:model )?path (?:`|'|")?[^\s`'"]{1,400}(?:`|'|")? does(?:n't| not) exist\b/i,
      ],
      // A path of the machine is no name of the hub's either, which stops nobody.
      maybe: [
        /\bHFValidationError\b/,
        /\b404 Client Error: Not Found for url: https:\/\/huggingface\.co\//,
      ],
      examples: [
        'Repository Not Found for url: https://huggingface.co/a/b',
        "OSError: a/b is not a local folder and is not a valid model identifier listed on 'x'",
        'huggingface_hub.errors.RevisionNotFoundError: v9',
        "huggingface_hub.errors.HFValidationError: Repo id must be in the form 'repo_name' or 'namespace/repo_name': '/models/llama'.",
        "Error: model 'llama9' not found",
        'Error: pull model manifest: file does not exist',
        'ValueError: The path /models/llama does not exist.',
        'huggingface_hub.errors.HFValidationError: a//b',
        'requests.exceptions.HTTPError: 404 Client Error: Not Found for url: https://huggingface.co/a',
      ],
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
      examples: [
        'huggingface_hub.errors.GatedRepoError: 401 Client Error.',
        'OSError: You are trying to access a gated repo.',
        'Cannot access gated repo for url https://huggingface.co/a',
        'Access to model a/b is restricted. You must ask for it.',
        'requests.exceptions.HTTPError: 403 Client Error: Forbidden for url: https://huggingface.co/a',
      ],
    },
    {
      code: 'model_not_cached',
      when: [
        /\bLocalEntryNotFoundError: .{0,200}\b(?:outgoing traffic has been disabled|offline mode|local_files_only)\b/,
        /\bOfflineModeIsEnabled\b/,
        /\b(?:outgoing traffic has been disabled|offline mode is enabled)\b/i,
      ],
      examples: [
        'huggingface_hub.errors.LocalEntryNotFoundError: Cannot find an appropriate cached snapshot folder for the specified revision on the local disk and outgoing traffic has been disabled.',
        'huggingface_hub.errors.OfflineModeIsEnabled: Cannot reach https://huggingface.co/a',
        'Cannot reach the hub: offline mode is enabled. To disable it, please unset the `HF_HUB_OFFLINE` environment variable.',
      ],
    },
    {
      code: 'network',
      when: [
        /\bWe couldn't connect to 'https:\/\/huggingface\.co'/,
        /\bAn error happened while trying to locate the files? on the Hub\b/,
      ],
      examples: [
        "OSError: We couldn't connect to 'https://huggingface.co' to load the files, and couldn't find them in the cached files.",
        'LocalEntryNotFoundError: An error happened while trying to locate the file on the Hub and we cannot find the requested files in the local cache.',
      ],
    },
    {
      code: 'trust_remote_code',
      when: [
        // Without the quotes it is also in the configuration that a running engine prints.
        /[`'"]trust_remote_code=True[`'"]|\b(?:set|pass|use|with|option) [`'"]--trust-remote-code/,
        /\brequires you to execute the configuration file in that repo\b/,
        /\bcontains custom code which must be executed\b/,
      ],
      examples: [
        'ValueError: a/b: please pass `trust_remote_code=True`.',
        'a/b requires you to execute the configuration file in that repo',
        'a/b contains custom code which must be executed to load it.',
      ],
    },
    {
      code: 'unsupported_architecture',
      when: [
        /\bModel architectures? .{1,200} (?:are|is) not supported\b/,
        /\bmodel type `[^`]{1,100}` but Transformers does not recognize this architecture\b/,
        /\bUnrecognized model in \S/,
        /\bhas no vLLM implementation\b/,
        /\bunknown (?:model|pre-tokenizer) (?:architecture|type): /,
        /\b[Uu]nsupported (?:model (?:type|arch\w{0,10}|IR type)|architecture)\b/,
        /\b(?:[Mm]odel type|[Aa]rchitecture) \S{1,100} (?:is )?(?:not supported|unsupported|not recognized)\b/,
        /\bKeyError: '\w{0,60}(?:ForCausalLM|ForConditionalGeneration|Model)'/,
      ],
      examples: [
        "ValueError: Model architectures ['FoozleForCausalLM'] are not supported for now.",
        'The checkpoint you are trying to load has model type `foozle` but Transformers does not recognize this architecture.',
        'ValueError: Unrecognized model in a/b. Should have a `model_type` key in its config.json',
        'ValueError: FoozleForCausalLM has no vLLM implementation',
        "llama_model_load: error loading model: error loading model architecture: unknown model architecture: 'foozle'",
        'ValueError: Unsupported model type foozle',
        'RuntimeError: Model type foozle is not supported',
        "KeyError: 'FoozleForCausalLM'",
      ],
    },
    {
      code: 'model_files',
      when: [
        /\bSafetensorError\b|\bError while deserializing header\b|\bMetadataIncompleteBuffer\b/,
        /\bWeight files? referenced in index but missing\b/,
        /\b(?:Following|Some) weights were not initialized from checkpoint\b/,
        /\bCannot find any (?:model )?(?:weights|files)\b/i,
        /\bno (?:\.?safetensors|weights?|model weights|checkpoint|\.bin|bin|gguf)(?: weights?)? (?:files? )?(?:were |was )?(?:found|available)\b/i,
        /\bdoes not appear to have (?:a file|files) named (?!generation_config)/,
        /\bInvalid repository ID or local directory specified\b/,
        /\b(?:config\.json|tokenizer(?:_config)?\.json|tokenizer\.model|model\.safetensors\.index\.json|preprocessor_config\.json)\b.{0,200}\b(?:not a valid JSON|is not valid|not found|does not exist|is missing|no such file|invalid)\b/i,
        /\bIt looks like the config file at .{1,400} is not a valid JSON file\b/,
        /\b(?:Can't|Couldn't|Could not|Unable to|Cannot|Failed to) (?:load|find|instantiate|open|create)\b.{0,60}\b(?:tokenizer|config(?:uration)?|processor|vocab|generation config)\b(?!.{0,200}\b(?:[Uu]sing|falling back|default))/,
        /\bcannot find tensor \S/,
        /\b(?:weight|tensor) \S{1,200} (?:does not exist|not found|is missing)\b/,
        /\bsize mismatch for \S/,
        /^KeyError: '(?:model|layers|transformer|lm_head|visual|vision|language_model|encoder|decoder|h)\.[\w.]{1,200}'/,
        /\bexceeds dimension size \(\d/,
        /\bshape(?:s)? (?:mismatch|do(?:es)? not match|'?\[[\d, x]{1,80}\]'? is invalid for input)\b/i,
        /\bThe size of tensor a \(\d{1,10}\) must match the size of tensor b\b/,
        /\b(?:PytorchStreamReader failed|invalid (?:load key|magic|header)|unexpected (?:EOF|end of file)|header too (?:large|small)|file is (?:truncated|corrupt(?:ed)?))\b/i,
        /\bfile bounds\b|\bcorrupted or incomplete\b|\bdata is not within the file bounds\b/,
        /\bEntryNotFoundError\b|\bEntry Not Found for url\b/,
        /\bquantiz\w{1,10}[_ ]config\w{0,8}\b.{0,120}\b(?:not found|missing|cannot find|could not find|Cannot find)\b|\bCannot find the config file for \w/i,
        /\bgguf_init_from_file\w{0,6}: (?:failed to read|invalid)\b/,
      ],
      examples: [
        'safetensors_rust.SafetensorError: Error while deserializing header: incomplete metadata, file not fully covered',
        "ValueError: Weight files referenced in index but missing: ['model-00002-of-00002.safetensors']",
        "ValueError: Following weights were not initialized from checkpoint: {'lm_head.weight'}",
        'RuntimeError: Cannot find any model weights with `/models/a`',
        'RuntimeError: no safetensors weights found for model a/b',
        'OSError: a/b does not appear to have a file named config.json.',
        "ValueError: Invalid repository ID or local directory specified: '/models/a'.",
        'FileNotFoundError: tokenizer.json does not exist in /models/a',
        "OSError: It looks like the config file at '/models/a/config.json' is not a valid JSON file.",
        "OSError: Can't load tokenizer for '/models/a'.",
        'Could not start backend: cannot find tensor embeddings.word_embeddings.weight',
        'RuntimeError: weight model.embed_tokens.weight does not exist',
        'size mismatch for lm_head.weight: copying a param with shape',
        "KeyError: 'layers.1.mlp.experts.w13_weight'",
        'RuntimeError: start (0) + length (768) exceeds dimension size (512).',
        'AssertionError: shape mismatch in layer 3',
        'RuntimeError: The size of tensor a (768) must match the size of tensor b (512) at non-singleton dimension 0',
        'RuntimeError: PytorchStreamReader failed reading zip archive',
        'llama_model_load: error loading model: tensor data is not within the file bounds, model is corrupted or incomplete',
        'huggingface_hub.errors.EntryNotFoundError: 404 Client Error.',
        'ValueError: Cannot find the config file for awq',
        'gguf_init_from_file_impl: failed to read magic',
      ],
    },
  ],
}
