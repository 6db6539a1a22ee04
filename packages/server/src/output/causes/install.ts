import type { Cause } from './cause.js'

/** Images, packages and the machine with its GPUs. */
export const install: readonly Cause[] = [
  {
    code: 'image_pull',
    when: [
      /\b(?:ErrImagePull|ImagePullBackOff|InvalidImageName)\b/,
      /\bpull access denied for \S/,
      /\bmanifest (?:for \S{1,300} not found|unknown)\b/,
      /\btoomanyrequests: /,
      /\b[Ff]ailed to pull image\b/,
      /\bno basic auth credentials\b/,
    ],
    means: 'The container image could not be fetched.',
    advice:
      'Check its name and tag, and log in to its registry where it is private or limits pulls.',
  },
  {
    code: 'disk_full',
    when: [/\bNo space left on device\b/i, /\bENOSPC\b/, /\bDisk quota exceeded\b/i],
    maybe: [/\bNot enough free disk space\b/i],
    means: 'The disk is full.',
    advice: 'Launch with a larger `disk_size`: weights, image and packages must fit.',
  },
  {
    code: 'host_out_of_memory',
    when: [
      /^(?:\S{1,200}: line \d{1,6}: {1,4}\d{1,10} )?Killed(?:$| {2,}\S)/,
      /\bOut of memory: Killed process\b/,
      /\bOOMKilled\b|\boom-kill(?:er)?\b/,
      /\bcan't allocate memory: you tried to allocate \d/,
      /\bCannot allocate memory\b/,
      /^MemoryError\b/,
    ],
    maybe: [
      /\b(?:exit(?:ed with)?|return(?:ed)?)(?: code| status)? 137\b/,
      /\bwas ended by SIGKILL\b/,
    ],
    means: 'The machine ran out of memory (not the GPU), and a process was ended for it.',
    advice: 'Take a machine with more memory, or load fewer weights at a time.',
  },
  {
    code: 'package_not_found',
    when: [
      /^Could not find a version that satisfies the requirement /,
      /^No matching distribution found for /,
      /^(?:× )?No solution found when resolving dependencies\b/,
      /^E: (?:Unable to locate package|Package '?\S{1,200}'? has no installation candidate)/,
      /^E: Version '\S{1,200}' for '\S{1,200}' was not found/,
      /^(?:PackagesNotFoundError|ResolutionImpossible)\b/,
    ],
    means: 'A package, or the version that was asked for, is not to be had.',
    advice: 'Check its name and version, and that it exists for this Python and machine.',
  },
  {
    code: 'not_installed',
    when: [
      /^ModuleNotFoundError: No module named /,
      /^ImportError: (?:\S{1,200}: cannot open shared object file|cannot import name )/,
    ],
    maybe: [
      /^\S{1,200}: (?:(?:line )?\d{1,6}: )?(?:exec: )?\S{1,200}: (?:command not found|not found)$/,
    ],
    means: 'A program or a Python module that is needed is not installed.',
    advice: 'Install it in the task’s `setup`, in the environment that `run` uses.',
  },
  {
    code: 'driver_mismatch',
    when: [
      /\bNVIDIA driver on your system is too old\b/,
      /\bCUDA driver version is insufficient for CUDA runtime version\b/,
      /\bDriver\/library version mismatch\b/,
      /\bno kernel image is available for execution on the device\b/,
      /\bunsatisfied condition: (?:cuda|driver|brand)\b/,
      /\bcouldn't communicate with the NVIDIA driver\b/,
    ],
    means: 'The GPU’s driver does not fit the CUDA that the program was built for.',
    advice: 'Choose an image with a newer driver, or a vLLM built for the CUDA that is there.',
  },
  {
    code: 'no_gpu',
    when: [
      /\bNo CUDA GPUs are available\b/,
      /\bFailed to infer device type\b/,
      /\bFound no NVIDIA driver on your system\b/,
      /\bcould not select device driver "[^"]{0,80}" with capabilities: \[\[gpu/,
    ],
    means: 'The program sees no GPU.',
    advice: 'Check that the machine has one, and that its container is given it.',
  },
  {
    code: 'gpu_fault',
    when: [
      /\bCUDA error: (?!out of memory)\w/,
      /\b(?:NCCL error|ncclUnhandledCudaError|ncclSystemError|ncclInternalError)\b/,
      /\bNVRM: Xid\b/,
      /\buncorrectable ECC error\b/i,
    ],
    means: 'A GPU, or the way between the GPUs, failed.',
    advice: 'Launch again on another machine; where it stays, set `NCCL_DEBUG=INFO` and read on.',
  },
  {
    code: 'network',
    // Most of these are tried again by whoever meets them.
    maybe: [
      /\b(?:Temporary failure in name resolution|Could not resolve host|Name or service not known|getaddrinfo E\w{1,20})\b/,
      /\bMax retries exceeded with url\b/,
      /\b(?:Connection reset by peer|Connection timed out|Network is unreachable|No route to host)\b/i,
      /\b(?:ReadTimeout|ConnectTimeout|ConnectionError|ReadTimeoutError|NewConnectionError)\b/,
      /\b(?:502 Bad Gateway|503 Service Unavailable|504 Gateway Time-?out)\b/i,
      /\bECONNRE(?:SET|FUSED)\b|\bETIMEDOUT\b/,
    ],
    means: 'Something that is needed could not be reached over the network.',
    advice: 'Launch again; where it stays, check the machine’s way out, its DNS and its proxy.',
  },
  {
    code: 'setup_failed',
    wraps: [
      /^Job \d{1,10}'s setup failed\b/,
      /^setup (?:failed with|was ended by|could not be started)\b/,
      /\bFAILED_SETUP\b/,
    ],
    means: 'A command of the task’s `setup` failed.',
    advice: 'Read the last lines of the setup; run them on such a machine by hand.',
  },
]
