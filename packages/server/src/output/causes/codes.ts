/** What each code means and what to do about it, in a sentence or two. */
export const CODES = {
  api_server_mismatch: [
    'The versions of SkyPilot and its API server are incompatible.',
    'Install the same version of both.',
  ],
  api_server_unreachable: [
    'The API server of SkyPilot did not answer.',
    'Check that it runs, that its address is right and that it can be reached; then launch again.',
  ],
  bad_flag: [
    'A program was given an option, or a value for one, that it does not know.',
    'Correct the arguments (`vllm_args`, or the task); they differ between versions.',
  ],
  bad_hub_token: [
    'The Hugging Face hub does not accept this token.',
    'Create a token with read access and pass it as the secret `HF_TOKEN`.',
  ],
  bad_setting: [
    'The engine refuses a setting, or a setting names something that does not exist.',
    'Correct the setting that the line names, or leave it out.',
  ],
  build_failed: [
    'A package or an image could not be built.',
    'Read the compiler’s own error above; a prebuilt wheel or installing the missing build tools often helps.',
  ],
  cancelled: ['Somebody cancelled the launch.', 'Launch again if that was not intended.'],
  cloud_not_enabled: [
    'SkyPilot has no access to that cloud.',
    'Set up its credentials on the machine of the API server and run `sky check`.',
  ],
  context_too_long: [
    'The context is longer than the model allows, or too long for the GPU’s memory.',
    'Lower `--max-model-len`, or use GPUs with more memory.',
  ],
  crash_loop: [
    'The server fails, is restarted, and fails again.',
    'Read the lines before the first restart; later failures only repeat it.',
  ],
  credentials: [
    'A cloud or the API server rejected the credentials, or they lack permission for this.',
    'Renew the credentials on the machine of the API server, check their permissions, and run `sky check`.',
  ],
  disk_full: [
    'The disk is full.',
    'Launch with a larger `disk_size`: weights, image and packages must fit.',
  ],
  driver_mismatch: [
    'The GPU’s driver does not support the CUDA version that the program was built for.',
    'Choose an image with a newer driver, or a build of the engine for the installed CUDA version.',
  ],
  gated_model: [
    'The model is gated: its terms must be accepted, and access requires a token.',
    'Accept the terms on the model’s page and pass that account’s token as the secret `HF_TOKEN`.',
  ],
  gpu_busy: [
    'Another process is using the GPU or part of its memory.',
    'Stop whatever else runs on the GPU, or lower `--gpu-memory-utilization`.',
  ],
  gpu_fault: [
    'A GPU, or the connection between GPUs, failed.',
    'Launch again on another machine; if it happens again, set `NCCL_DEBUG=INFO` and check the log.',
  ],
  gpu_memory_utilization: [
    'The share of GPU memory that the engine is told to use is not possible.',
    'Set `--gpu-memory-utilization` to a share between 0 and 1 that is free on the GPU.',
  ],
  gpu_out_of_memory: [
    'The GPU has too little memory for the model with these settings.',
    'Use a GPU with more memory or more GPUs (`tensor_parallel`), or lower `--max-num-seqs`, `--max-model-len` or `--gpu-memory-utilization`.',
  ],
  health_timeout: [
    'The server runs, but did not answer its health check in time.',
    'Check that it listens on the port that is probed, and allow it more time if it is slow.',
  ],
  host_out_of_memory: [
    'The machine (not the GPU) ran out of memory, and a process was killed.',
    'Use a machine with more memory, or load fewer weights at a time.',
  ],
  image_pull: [
    'The container image could not be fetched.',
    'Check its name and tag, and log in to its registry if it is private.',
  ],
  incompatible_versions: [
    'Two components have incompatible versions.',
    'Install versions that the tool lists as tested together, or use its official image.',
  ],
  kv_cache_too_small: [
    'The weights leave too little GPU memory for the KV cache.',
    'Use a GPU with more memory or more GPUs (`tensor_parallel`), raise `--gpu-memory-utilization`, or lower `--max-model-len`.',
  ],
  launch_interrupted: [
    'SkyPilot was restarted during the launch, and does not go on with it.',
    'Launch again; what there was of the cluster is taken down.',
  ],
  launch_timeout: [
    'The launch did not finish within its time limit.',
    'See which phase took the time; allow more with `LAUNCHTAIL_LAUNCH_TIMEOUT`.',
  ],
  lost: [
    'Nobody sends anything for the launch any more, and how it ended is not known.',
    'Look at the machine itself; then launch again, or correct the node with `launchtail mark`.',
  ],
  model_files: [
    'The model’s weights, configuration or tokenizer are broken, missing, or do not match one another.',
    'Download the model again, and check that the folder holds all of its files and that this engine knows them.',
  ],
  model_not_cached: [
    'The model is not in the cache, and downloads are switched off.',
    'Download the model beforehand, or unset `HF_HUB_OFFLINE`.',
  ],
  network: [
    'Something the launch needs could not be reached over the network.',
    'Launch again; if it happens again, check the machine’s outbound access, its DNS and its proxy.',
  ],
  no_capacity: [
    'None of the places tried has such a machine available right now.',
    'Try again later, allow more regions or another GPU, or switch from spot to on-demand (or the other way).',
  ],
  no_gpu: [
    'The program sees no GPU.',
    'Check that the machine has one, and that the container has access to it.',
  ],
  no_matching_instance: [
    'None of the enabled clouds offers a machine with these resources.',
    'Check the GPU’s name and whether the region has it (`sky show-gpus`); ask for fewer CPUs, GPUs or less memory.',
  ],
  node_failure: ['The machine under the launch failed.', 'Launch again on another machine.'],
  not_installed: [
    'A required program or Python module is not installed.',
    'Install it in the task’s `setup`, in the environment that `run` uses.',
  ],
  not_started: [
    'The launch was accepted, but this server could not start or resume it.',
    'Read the log and check the settings of this server; then launch again.',
  ],
  package_conflict: [
    'The requested packages conflict with one another.',
    'Loosen or remove one of the versions that the line names.',
  ],
  package_not_found: [
    'A package, or the requested version of it, is not available.',
    'Check its name and version, and that it exists for this Python version and platform.',
  ],
  port_in_use: [
    'Another program listens on the port.',
    'Stop it, or give the server another port.',
  ],
  preempted: [
    'The cloud took the machine back, or somebody removed it.',
    'Launch again; use on-demand machines where this must not happen.',
  ],
  quota: [
    'The cloud account’s quota does not allow that many GPUs or machines at once.',
    'Ask the cloud for a higher quota, free machines, or choose another region or GPU.',
  ],
  rate_limited: [
    'The hub or the registry is rate-limiting requests.',
    'Log in with a token, use a mirror or a cache, or wait before the next launch.',
  ],
  recovery_failed: [
    'The job was lost with its machine and could not be recovered.',
    'Add workers to the pool or more places, then submit the job again.',
  ],
  runtime_setup_failed: [
    'The machine came up, but SkyPilot could not be set up on it.',
    'Read `sky logs --provision CLUSTER`; if the cause is unclear, launch again or elsewhere.',
  ],
  server_exited: [
    'The server exited before it should have.',
    'Read its last lines. A `run` that puts the server in the background ends at once.',
  ],
  setup_failed: [
    'A command of the task’s `setup` failed.',
    'Read the last lines of the setup, and try its commands by hand on such a machine.',
  ],
  sky_not_installed: [
    'The `sky` command is not installed, or not on the server’s PATH.',
    'Install SkyPilot there, or set `SKYPILOT_API_SERVER_ENDPOINT`.',
  ],
  ssh_unreachable: [
    'The machine came up, but could not be reached over SSH.',
    'Launch again or elsewhere; check that the image runs an SSH server and that its port is open.',
  ],
  too_few_gpus: [
    'The engine was told to use more GPUs than the machine has.',
    'Lower `tensor_parallel`, or use a machine with more GPUs.',
  ],
  trust_remote_code: [
    'The model ships its own code, which is not run unless that is allowed.',
    'If you trust its authors, add `--trust-remote-code` to the arguments of the engine.',
  ],
  unknown_model: [
    'The model does not exist, or this token has no access to it.',
    'Check the model’s name; for a private one, pass a token that may read it.',
  ],
  unsupported_architecture: [
    'This version of the engine does not support models of this kind.',
    'Use a newer version of the engine and of Transformers, or another model.',
  ],
  unsupported_gpu: [
    'The software was not built for this type of GPU.',
    'Use another GPU, or a build, data type or backend that supports this one.',
  ],
  warmup_failed: [
    'The server came up, but its first request failed.',
    'Read that request’s error; another model or attention backend may avoid it.',
  ],
} as const satisfies Record<string, readonly [means: string, advice: string]>

export type Code = keyof typeof CODES
