/** What each code means and what to do about it, in a sentence or two. */
export const CODES = {
  api_server_mismatch: [
    'SkyPilot and its API server are of versions that do not work together.',
    'Bring both to the same version.',
  ],
  api_server_unreachable: [
    'The API server of SkyPilot did not answer.',
    'Check that it runs, its address, and the way to it; then launch again.',
  ],
  bad_flag: [
    'A program was given an option, or a value of one, that it does not know.',
    'Correct the arguments (`vllm_args`, or the task); they differ between versions.',
  ],
  bad_hub_token: [
    'The token for the Hugging Face hub is not a good one.',
    'Make a new token with read access and give it as the secret `HF_TOKEN`.',
  ],
  bad_setting: [
    'The engine refuses a setting, or something that a setting names is not there.',
    'Correct the setting that the line names, or leave it out.',
  ],
  build_failed: [
    'A package or an image could not be built.',
    'Read the compiler’s own complaint above; a prebuilt wheel or the missing build tools often help.',
  ],
  cancelled: ['Somebody cancelled it.', 'Launch again if it was not meant.'],
  cloud_not_enabled: [
    'SkyPilot has no access to that cloud.',
    'Set up its credentials on the machine of the API server and run `sky check`.',
  ],
  context_too_long: [
    'The context is longer than the model allows, or than the GPU has memory for.',
    'Lower `--max-model-len`, or use GPUs with more memory.',
  ],
  crash_loop: [
    'The server fails, is started again, and fails again.',
    'Read what came before the first restart; later ones only repeat it.',
  ],
  credentials: [
    'A cloud, or the API server, refused the credentials, or they may not do this.',
    'Renew the credentials on the machine of the API server, check their permissions, and run `sky check`.',
  ],
  disk_full: [
    'The disk is full.',
    'Launch with a larger `disk_size`: weights, image and packages must fit.',
  ],
  driver_mismatch: [
    'The GPU’s driver does not fit the CUDA that the program was built for.',
    'Choose an image with a newer driver, or a vLLM built for the CUDA that is there.',
  ],
  gated_model: [
    'The model is gated: its terms must be accepted, and nobody is let in without a token.',
    'Accept the terms on the model’s page and give the token of that account as the secret `HF_TOKEN`.',
  ],
  gpu_busy: [
    'Another process holds the GPU or a part of its memory.',
    'End what else runs on the GPU, or lower `--gpu-memory-utilization`.',
  ],
  gpu_fault: [
    'A GPU, or the way between the GPUs, failed.',
    'Launch again on another machine; where it stays, set `NCCL_DEBUG=INFO` and read on.',
  ],
  gpu_memory_utilization: [
    'The share of the GPU’s memory that the engine may take is not a possible one.',
    'Set `--gpu-memory-utilization` to a share between 0 and 1 that is free on the GPU.',
  ],
  gpu_out_of_memory: [
    'The GPU has too little memory for the model with these settings.',
    'Use a GPU with more memory or more GPUs (`tensor_parallel`), or lower `--max-num-seqs`, `--max-model-len` or `--gpu-memory-utilization`.',
  ],
  health_timeout: [
    'The server runs, but did not answer its health check in time.',
    'Check that it listens on the port that is asked, and allow it more time if it is slow.',
  ],
  host_out_of_memory: [
    'The machine ran out of memory (not the GPU), and a process was ended for it.',
    'Take a machine with more memory, or load fewer weights at a time.',
  ],
  image_pull: [
    'The container image could not be fetched.',
    'Check its name and tag, and log in to its registry where it is private.',
  ],
  incompatible_versions: [
    'Two parts of the software are of versions that do not work together.',
    'Install the versions that the tool names as tested together, or use its own image.',
  ],
  kv_cache_too_small: [
    'After the weights too little GPU memory is left for the KV cache.',
    'Use a GPU with more memory or more GPUs (`tensor_parallel`), raise `--gpu-memory-utilization`, or lower `--max-model-len`.',
  ],
  launch_timeout: [
    'The launch was not done in the time it is given.',
    'See in which phase the time went; allow more with `LAUNCHTAIL_LAUNCH_TIMEOUT`.',
  ],
  model_files: [
    'The model’s weights, configuration or tokenizer are broken, missing, or do not fit each other.',
    'Download the model again, and check that the folder holds all of its files and that this engine knows them.',
  ],
  model_not_cached: [
    'The model is not in the cache, and downloads are switched off.',
    'Download the model beforehand, or unset `HF_HUB_OFFLINE`.',
  ],
  network: [
    'Something that is needed could not be reached over the network.',
    'Launch again; where it stays, check the machine’s way out, its DNS and its proxy.',
  ],
  no_capacity: [
    'No place that was tried has such a machine free at the moment.',
    'Try again later, allow more regions or another GPU, or switch from spot to on-demand (or the other way).',
  ],
  no_gpu: [
    'The program sees no GPU.',
    'Check that the machine has one, and that its container is given it.',
  ],
  no_matching_instance: [
    'No place that is enabled offers a machine with these resources.',
    'Check how the GPU is written and whether the region has it (`sky show-gpus`); ask for fewer CPUs, GPUs or less memory.',
  ],
  node_failure: ['The machine under the launch failed.', 'Launch again on another machine.'],
  not_installed: [
    'A program or a Python module that is needed is not installed.',
    'Install it in the task’s `setup`, in the environment that `run` uses.',
  ],
  not_started: [
    'The launch was accepted, and then this server could not begin it or take it up again.',
    'Read the log and check the settings of this server; then launch again.',
  ],
  package_conflict: [
    'The packages that were asked for do not go together.',
    'Loosen or remove one of the versions that the line names.',
  ],
  package_not_found: [
    'A package, or the version that was asked for, is not to be had.',
    'Check its name and version, and that it exists for this Python and machine.',
  ],
  port_in_use: ['Another program listens on the port.', 'End it, or give the server another port.'],
  preempted: [
    'The cloud took the machine back, or somebody removed it.',
    'Launch again, with on-demand machines where it must not happen.',
  ],
  quota: [
    'The cloud account may not have that many GPUs or machines at once.',
    'Ask the cloud for a higher quota, free machines, or choose another region or GPU.',
  ],
  rate_limited: [
    'The hub or the registry limits how often it is asked.',
    'Log in with a token, use a mirror or a cache, or wait before the next launch.',
  ],
  recovery_failed: [
    'The job was lost with its machine, and could not be brought up again.',
    'Add workers to the pool or more places, then submit the job again.',
  ],
  runtime_setup_failed: [
    'The machine came up, but SkyPilot could not be set up on it.',
    'Read `sky logs --provision CLUSTER`; where it is not plain, launch again or elsewhere.',
  ],
  server_exited: [
    'The server ended, which a server must not.',
    'Read its last lines. A `run` that puts the server in the background ends at once.',
  ],
  setup_failed: [
    'A command of the task’s `setup` failed.',
    'Read the last lines of the setup; run them on such a machine by hand.',
  ],
  sky_not_installed: [
    'The `sky` command is not there, or not on the PATH of whoever calls it.',
    'Install SkyPilot there, or set `SKYPILOT_API_SERVER_ENDPOINT`.',
  ],
  ssh_unreachable: [
    'The machine came up, but nobody could log in to it over SSH.',
    'Launch again or elsewhere; check that the image runs an SSH server and that its port is open.',
  ],
  too_few_gpus: [
    'The engine was told to use more GPUs than there are.',
    'Lower `tensor_parallel`, or take a machine with more GPUs.',
  ],
  trust_remote_code: [
    'The model brings code of its own, which is not run unless that is allowed.',
    'If you trust its authors, add `--trust-remote-code` to the arguments of the engine.',
  ],
  unknown_model: [
    'There is no such model, or not for this token.',
    'Check how the model is written; for a private one give a token that may read it.',
  ],
  unsupported_architecture: [
    'This version of the server does not know models of this kind.',
    'Use a newer version of the engine and of Transformers, or another model.',
  ],
  unsupported_gpu: [
    'The software was not built for this kind of GPU.',
    'Use another GPU, or a build, data type or backend that knows this one.',
  ],
  warmup_failed: [
    'The server came up, and its first request failed.',
    'Read the complaint of that request; another model or attention backend may avoid it.',
  ],
} as const satisfies Record<string, readonly [means: string, advice: string]>

export type Code = keyof typeof CODES
