import {
  type LaunchState,
  type LogEntry,
  NOT_LAUNCHED,
  type Phase,
} from '@launchtail/client/protocol'
import { describe, expect, it } from 'vitest'
import { writeEntry } from '../src/logs/entry-text.js'
import { explain } from '../src/nodes/ends/explain.js'
import { fold, UNFOLDED } from '../src/nodes/fold.js'
import { current } from '../src/output/causes/clues.js'
import { conclude } from '../src/output/causes/conclude.js'
import { best } from '../src/output/causes/evidence.js'
import { CAUSES, UNKNOWN } from '../src/output/causes/index.js'
import { type Clues, NO_CLUES, observe } from '../src/output/causes/tracker.js'
import { cleanLine } from '../src/output/clean.js'
import { createReader } from '../src/output/interpret/index.js'
import { peel } from '../src/output/peel.js'
import { type CauseRow, TOOLS } from '../src/output/tools/index.js'
import { wordsOf } from '../src/output/words.js'
import { expectLinear } from './support/linear.js'
import { readTranscript, transcripts } from './support/transcripts.js'

interface Fixture {
  /** Lines of output, and the phase they come in. */
  lines?: string
  phase?: Phase
  /** The launcher's last word. */
  last?: string
  /** The line that is the message of the failure. */
  says?: string
}

const ENDED = 'the server left with exit code 1 before it was ready'

/** For each cause what a tool prints, or a launcher says; each shows another of its expressions. */
const FIXTURES: Record<string, readonly Fixture[]> = {
  quota: [
    {
      phase: 'provisioning',
      lines: `⚙︎ Launching on AWS us-east-1 (us-east-1a).
E 01-02 03:04:05 instance.py:9] Failed to create instances: VcpuLimitExceeded: too many vCPUs
⨯ Failed to provision resources.
sky.exceptions.ResourcesUnavailableError: Failed to provision all possible launchable resources.`,
      says: 'Failed to create instances: VcpuLimitExceeded: too many vCPUs',
    },
    { phase: 'provisioning', lines: "Quota 'NVIDIA_H100_GPUS' exceeded. Limit: 0.0 in region r." },
    { phase: 'provisioning', lines: 'error: pods "x" is forbidden: exceeded quota: gpu-quota' },
    { phase: 'provisioning', lines: 'The project has no quota for H100 in this region' },
  ],
  no_capacity: [
    { phase: 'provisioning', lines: 'Failed to acquire resources in all zones in CA for {X}.' },
    { phase: 'provisioning', lines: 'botocore: InsufficientInstanceCapacity: none left' },
    { phase: 'provisioning', lines: 'Insufficient memory capacity on the cluster.' },
    { phase: 'provisioning', lines: '0/5 nodes are available: 5 Insufficient nvidia.com/gpu.' },
    { phase: 'provisioning', lines: 'z does not have enough resources available to fulfill it' },
    { phase: 'provisioning', lines: 'There are no longer any instances available like that.' },
    { phase: 'provisioning', lines: 'Out of host capacity.' },
  ],
  no_matching_instance: [
    { lines: "No resource satisfying <Cloud>({'H900': 1}) on AWS." },
    { lines: 'Catalog does not contain any instances satisfying the request:' },
    { lines: 'Kubernetes: Could not detect GPU resources in the cluster.' },
  ],
  cloud_not_enabled: [
    { lines: 'ValueError: Task t requires aws which is not enabled. Run sky check.' },
    { lines: 'sky.exceptions.NoCloudAccessError: none' },
    { lines: 'Cloud GCP is not enabled.' },
  ],
  credentials: [
    { phase: 'provisioning', lines: 'botocore.exceptions.NoCredentialsError: none found' },
    { phase: 'provisioning', lines: 'Unable to locate credentials. You can configure them.' },
    { phase: 'provisioning', lines: 'Could not automatically determine credentials.' },
    { phase: 'provisioning', lines: 'google.auth.exceptions.RefreshError: log in again' },
    { phase: 'provisioning', lines: 'AADSTS700016: no such application' },
    { phase: 'provisioning', lines: "Required 'compute.instances.create' permission for 'p'" },
    { phase: 'instance_ready', lines: 'sky@10.0.0.9: Permission denied (publickey).' },
    { last: 'the SkyPilot API server http://x:1 wants a login; give it a token' },
  ],
  api_server_unreachable: [
    { lines: 'sky.exceptions.ApiServerConnectionError: no answer' },
    { last: 'cannot reach the SkyPilot API server: connection refused' },
    {
      last: 'the launch could not be started: the SkyPilot API server http://x:1 cannot be reached',
    },
  ],
  launch_interrupted: [
    {
      phase: 'provisioning',
      last: 'SkyPilot no longer knows the launch, as after a restart of its API server, and the cluster cic-1 had no job 3m later',
    },
    {
      phase: 'provisioning',
      lines:
        "sky.exceptions.RequestInterruptedError: Request '7f3a' was interrupted by an API server restart and will not be resumed. Please re-submit the original request.",
    },
  ],
  api_server_mismatch: [
    { lines: 'sky.exceptions.APIVersionMismatchError: 12 and 9' },
    {
      last: 'the SkyPilot API server http://x:1 has a version that does not work with this server',
    },
    { last: 'client and server have versions which differ: client and server versions mismatch' },
  ],
  preempted: [
    { phase: 'active', lines: 'Instance i-1 was preempted' },
    { phase: 'active', lines: 'The spot instance will be reclaimed in two minutes' },
    { phase: 'active', last: "Cluster 'cic-1' does not exist." },
    { phase: 'active', last: 'the cluster cic-1 is gone: it was lost, or taken down by somebody' },
    { phase: 'installing', last: 'SkyPilot knows neither the launch nor a cluster cic-1 any more' },
  ],
  runtime_setup_failed: [
    {
      phase: 'instance_ready',
      lines: '⨯ Failed to set up SkyPilot runtime on cluster.  View logs: x',
      last: 'it did not work',
      says: '⨯ Failed to set up SkyPilot runtime on cluster.  View logs: x',
    },
    {
      phase: 'instance_ready',
      lines: 'sky.exceptions.ClusterSetUpError: no\nAssertionError: pip must be there',
      says: 'AssertionError: pip must be there',
    },
  ],
  image_pull: [
    { phase: 'instance_ready', lines: 'pod: ErrImagePull' },
    { phase: 'instance_ready', lines: 'Error response from daemon: pull access denied for a/b' },
    { phase: 'instance_ready', lines: 'manifest for vllm/vllm-openai:v99 not found' },
    { phase: 'instance_ready', lines: 'Failed to pull image "x"' },
    { phase: 'instance_ready', lines: 'no basic auth credentials' },
  ],
  rate_limited: [
    { phase: 'installing', lines: '(setup pid=3) toomanyrequests: You have pulled too often' },
  ],
  disk_full: [
    { phase: 'model_loading', lines: '(task, pid=4) OSError: [Errno 28] No space left on device' },
    { phase: 'model_loading', lines: 'write: ENOSPC' },
    { phase: 'model_loading', lines: 'cp: Disk quota exceeded' },
    { phase: 'model_loading', lines: 'Not enough free disk space to download the file.' },
  ],
  host_out_of_memory: [
    { phase: 'model_loading', lines: '(task, pid=4) /tmp/run.sh: line 7:  4711 Killed    vllm' },
    { phase: 'model_loading', lines: 'Out of memory: Killed process 4711 (python)' },
    { phase: 'model_loading', lines: 'Last state: OOMKilled' },
    {
      phase: 'model_loading',
      lines: "DefaultCPUAllocator: can't allocate memory: you tried to allocate 9",
    },
    { phase: 'installing', lines: 'fork: Cannot allocate memory' },
    {
      phase: 'model_loading',
      lines: 'Traceback (most recent call last):\n  File "x"\nMemoryError',
    },
    { phase: 'model_loading', last: 'the server left with exit code 137 (SIGKILL)' },
    { phase: 'active', last: 'the server was ended by SIGKILL' },
  ],
  package_not_found: [
    {
      phase: 'installing',
      lines:
        '(setup pid=3) ERROR: Could not find a version that satisfies the requirement vllm==99',
      last: 'setup failed with exit code 1',
      says: 'ERROR: Could not find a version that satisfies the requirement vllm==99',
    },
    { phase: 'installing', lines: '(setup pid=3) ERROR: No matching distribution found for vllmm' },
    { phase: 'installing', lines: '  × No solution found when resolving dependencies:' },
    { phase: 'installing', lines: '(setup pid=3) E: Unable to locate package libxyz' },
    { phase: 'installing', lines: "E: Version '9' for 'cuda' was not found" },
    { phase: 'installing', lines: 'PackagesNotFoundError: not in the channels' },
  ],
  not_installed: [
    { phase: 'model_loading', lines: 'bash: line 3: vllm: command not found' },
    { phase: 'model_loading', lines: 'bash: line 1: exec: vllm: not found' },
    { phase: 'model_loading', lines: "ModuleNotFoundError: No module named 'vllm'" },
    {
      phase: 'model_loading',
      lines: 'ImportError: libcudart.so.12: cannot open shared object file',
    },
  ],
  driver_mismatch: [
    { phase: 'model_loading', lines: 'RuntimeError: The NVIDIA driver on your system is too old.' },
    {
      phase: 'model_loading',
      lines: 'CUDA driver version is insufficient for CUDA runtime version',
    },
    { phase: 'model_loading', lines: 'Failed to initialize NVML: Driver/library version mismatch' },
    { phase: 'instance_ready', lines: 'requirement error: unsatisfied condition: cuda>=12.8' },
    { phase: 'installing', lines: "it couldn't communicate with the NVIDIA driver." },
  ],
  unsupported_gpu: [
    {
      phase: 'model_loading',
      lines: 'CUDA error: no kernel image is available for execution on the device',
    },
  ],
  model_files: [
    { phase: 'model_loading', lines: 'a/b does not appear to have a file named config.json.' },
    {
      phase: 'model_loading',
      lines: "ValueError: Invalid repository ID or local directory specified: 'a'",
    },
  ],
  no_gpu: [
    { phase: 'model_loading', lines: 'RuntimeError: No CUDA GPUs are available' },
    { phase: 'model_loading', lines: 'RuntimeError: Failed to infer device type' },
    { phase: 'model_loading', lines: 'Found no NVIDIA driver on your system.' },
    {
      phase: 'instance_ready',
      lines: 'could not select device driver "" with capabilities: [[gpu]]',
    },
  ],
  network: [
    { phase: 'installing', lines: 'curl: (6) Could not resolve host: pypi.example' },
    { phase: 'installing', lines: 'Max retries exceeded with url: /simple/vllm' },
    { phase: 'model_loading', lines: 'read: Connection reset by peer' },
    { phase: 'model_loading', lines: 'requests.exceptions.ReadTimeout: read timed out' },
    { phase: 'installing', lines: 'HTTP 503 Service Unavailable' },
    { last: 'the launch could not be started: connect ECONNREFUSED 10.0.0.1:80' },
  ],
  setup_failed: [
    {
      lines: `(setup pid=23349) setup line 20
srun: error: vm: task 0: Exited with exit code 7
ERROR: Job 1's setup failed with return code 7 (pid=23349). See error logs above for more details.
slurmstepd-vm: error: *** STEP 3.14 ON vm CANCELLED AT 2026-11-27T07:47:33 ***
srun: error: vm: task 0: Killed
✓ Job finished (status: FAILED_SETUP).
srun: error: vm: task 0: Exited with exit code 100`,
      phase: 'installing',
      last: 'setup failed: the job ended with status FAILED_SETUP',
      says: 'setup failed: the job ended with status FAILED_SETUP',
    },
    {
      phase: 'installing',
      lines: "(setup pid=3) make: nothing to do\nERROR: Job 1's setup failed with return code 2",
      last: 'setup failed with exit code 2',
      says: 'setup failed with exit code 2',
    },
    {
      phase: 'installing',
      lines: '(setup pid=3) fatal: repository x was not there',
      last: 'setup was ended by SIGTERM',
      says: 'fatal: repository x was not there',
    },
    { phase: 'installing', last: 'the job ended (FAILED_SETUP)' },
  ],
  bad_hub_token: [
    {
      phase: 'model_loading',
      lines: `Traceback (most recent call last):
  File "_http.py", line 1, in hf_raise_for_status
requests.exceptions.HTTPError: 401 Client Error: Unauthorized for url: https://huggingface.co/a/b/resolve/main/config.json

The above exception was the direct cause of the following exception:

huggingface_hub.errors.HfHubHTTPError: 401 Client Error. Invalid credentials in Authorization header`,
    },
    { phase: 'model_loading', lines: 'ValueError: the token `tok` is invalid.' },
    {
      phase: 'model_loading',
      lines: '401 Client Error: for url: https://hub.example/api/whoami-v2',
    },
    { phase: 'model_loading', lines: 'huggingface_hub.errors.LocalTokenNotFoundError: none' },
  ],
  unknown_model: [
    { phase: 'model_loading', lines: 'Repository Not Found for url: https://huggingface.co/a/b' },
    {
      phase: 'model_loading',
      lines: "OSError: a/b is not a local folder and is not a valid model identifier listed on 'x'",
    },
    { phase: 'model_loading', lines: 'huggingface_hub.errors.RevisionNotFoundError: v9' },
    { phase: 'model_loading', lines: 'huggingface_hub.errors.HFValidationError: a//b' },
    {
      phase: 'model_loading',
      lines:
        'requests.exceptions.HTTPError: 404 Client Error: Not Found for url: https://huggingface.co/a',
    },
  ],
  gated_model: [
    {
      phase: 'model_loading',
      lines:
        'requests.exceptions.HTTPError: 403 Client Error: Forbidden for url: https://huggingface.co/a',
    },
    { phase: 'model_loading', lines: 'OSError: You are trying to access a gated repo.' },
    { phase: 'model_loading', lines: 'huggingface_hub.errors.GatedRepoError: 401 Client Error.' },
    { phase: 'model_loading', lines: 'Cannot access gated repo for url https://huggingface.co/a' },
    { phase: 'model_loading', lines: 'Access to model a/b is restricted. You must ask for it.' },
  ],
  trust_remote_code: [
    { phase: 'model_loading', lines: 'ValueError: a/b: please pass `trust_remote_code=True`.' },
    {
      phase: 'model_loading',
      lines: 'a/b requires you to execute the configuration file in that repo',
    },
    {
      phase: 'model_loading',
      lines: 'a/b contains custom code which must be executed to load it.',
    },
  ],
  unsupported_architecture: [
    {
      phase: 'model_loading',
      lines: `Traceback (most recent call last):
  File "config.py", line 1, in check
pydantic_core._pydantic_core.ValidationError: 1 validation error for ModelConfig
  Value error, Model architectures ['NewForCausalLM'] are not supported for now.`,
      says: "Value error, Model architectures ['NewForCausalLM'] are not supported for now.",
    },
    {
      phase: 'model_loading',
      lines: 'it has model type `new` but Transformers does not recognize this architecture.',
    },
    { phase: 'model_loading', lines: 'ValueError: Unrecognized model in a/b.' },
    { phase: 'model_loading', lines: 'ValueError: NewModel has no vLLM implementation' },
  ],
  gpu_busy: [
    {
      phase: 'model_loading',
      lines:
        'ValueError: Free memory on device (3.1/79.3 GiB) on startup is less than desired GPU memory utilization (0.9, 71 GiB).',
    },
  ],
  kv_cache_too_small: [
    {
      phase: 'model_loading',
      lines: 'ValueError: No available memory for the cache blocks. Try more.',
    },
  ],
  context_too_long: [
    {
      phase: 'model_loading',
      lines:
        "ValueError: To serve at least one request with the models's max seq len (131072), more",
    },
    {
      phase: 'model_loading',
      lines:
        "ValueError: The model's max seq len (32768) is larger than the maximum number of tokens that fit",
    },
    {
      phase: 'model_loading',
      lines: '  Value error, User-specified max_model_len (9999) is greater than the derived one',
    },
  ],
  gpu_out_of_memory: [
    {
      phase: 'model_loading',
      lines: `(EngineCore_DP0 pid=9) ERROR 01-02 03:04:05 [core.py:7] EngineCore failed to start.
(EngineCore_DP0 pid=9) ERROR 01-02 03:04:05 [core.py:7] Traceback (most recent call last):
(EngineCore_DP0 pid=9) ERROR 01-02 03:04:05 [core.py:7]   File "x.py", line 3, in load
(EngineCore_DP0 pid=9) ERROR 01-02 03:04:05 [core.py:7] torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2 GiB.
(APIServer pid=1) RuntimeError: Engine core initialization failed. See root cause above.`,
      says: 'torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2 GiB.',
    },
    { phase: 'active', lines: 'RuntimeError: CUDA error: out of memory' },
    { phase: 'model_loading', lines: 'torch.OutOfMemoryError: HIP out of memory.' },
    { phase: 'model_loading', lines: 'RuntimeError: CUBLAS_STATUS_ALLOC_FAILED in create' },
  ],
  gpu_fault: [
    { phase: 'active', lines: 'RuntimeError: CUDA error: an illegal memory access was seen' },
    { phase: 'model_loading', lines: 'RuntimeError: NCCL error: unhandled system error' },
    { phase: 'active', lines: 'kernel: NVRM: Xid 79, fallen off the bus' },
    { phase: 'model_loading', lines: 'RuntimeError: uncorrectable ECC error encountered' },
  ],
  bad_flag: [
    { phase: 'model_loading', lines: 'vllm: error: unrecognized arguments: --no-such-flag' },
    { phase: 'model_loading', lines: 'serve.py: error: argument --dtype: invalid choice: x' },
    { phase: 'model_loading', lines: 'Error: No such option: --fast' },
    {
      phase: 'model_loading',
      lines: "ValueError: dtype='x' is not supported. Expected one of [y].",
    },
  ],
  port_in_use: [
    { phase: 'health_check', lines: 'OSError: [Errno 98] Address already in use' },
    { phase: 'installing', lines: 'Bind for 0.0.0.0:8000 failed: port is already allocated' },
    { phase: 'model_loading', last: 'run could not be started: port 8000 is in use' },
    { phase: 'model_loading', lines: 'Error: listen EADDRINUSE: 0.0.0.0:8000' },
  ],
  crash_loop: [
    {
      phase: 'model_loading',
      lines: `(APIServer pid=1) INFO 01-02 03:04:05 [api.py:1] vLLM API server version 0.20.0
(APIServer pid=1) Traceback (most recent call last):
(APIServer pid=1)   File "x.py", line 3, in main
(APIServer pid=1) LookupError: nobody has heard of this
(APIServer pid=1) INFO 01-02 03:05:05 [api.py:1] vLLM API server version 0.20.0
(APIServer pid=1) Traceback (most recent call last):
(APIServer pid=1)   File "x.py", line 3, in main
(APIServer pid=1) OSError: [Errno 98] Address already in use`,
      says: 'LookupError: nobody has heard of this',
    },
    { phase: 'model_loading', lines: 'vllm-0: CrashLoopBackOff', last: 'the pod is not ready' },
    { phase: 'model_loading', lines: 'Back-off restarting failed container vllm' },
  ],
  cancelled: [
    { phase: 'provisioning', last: "'sky.launch' request 0a1b cancelled" },
    { phase: 'provisioning', last: 'the launch was cancelled' },
    { phase: 'installing', last: 'it ended with status: CANCELLED' },
    {
      phase: 'installing',
      lines: `run line 3
slurmstepd-vm: error: *** STEP 7.11 ON vm CANCELLED AT 2026-11-27T13:24:43 ***
Killed
✓ Job finished (status: CANCELLED).
srun: error: vm: task 0: Exited with exit code 103`,
      last: 'the job ended with status: CANCELLED, before the server was ready',
      says: 'the job ended with status: CANCELLED, before the server was ready',
    },
  ],
  health_timeout: [
    { phase: 'health_check', last: 'not ready within 30m' },
    { phase: 'health_check', last: 'the health check timed out after 10m' },
  ],
  launch_timeout: [
    { phase: 'model_loading', last: 'it was slow; not ready within 30m' },
    { phase: 'provisioning', last: 'the launch timed out after 2h' },
    { phase: 'model_loading', last: 'the probe never answered' },
  ],
  not_started: [
    { last: 'the launch could not be started: its supervisor did not start' },
    { phase: 'installing', last: 'the launcher "sky" is not available any more' },
    { last: 'its secrets cannot be read: they were stored with another key' },
  ],
  sky_not_installed: [
    { last: 'the launch could not be started: SkyPilot is not installed: "sky" was not found' },
    { lines: 'bash: line 1: sky: command not found' },
  ],
  server_exited: [
    { phase: 'model_loading', last: 'the server left with exit code 3 before it was ready' },
    { phase: 'model_loading', last: 'run could not be started: spawn failed' },
    { phase: 'model_loading', last: 'job 1 FAILED' },
  ],
}

const HOSTILE = [
  ...['quota ', 'error: ', 'a.', 'Cluster ', ' ', 'nodes are available: ', "'a ", 'a/'],
]

const ROWS = TOOLS.flatMap(({ name, causes }) => causes.map((row) => [name, row] as const))

describe('each cause', () => {
  it('has a line in some table that says so', () => {
    for (const { code, rows } of CAUSES) expect([code, rows.length > 0]).toEqual([code, true])
    const codes = CAUSES.map(({ code }) => code)
    expect(ROWS.filter(([, { code }]) => !codes.includes(code))).toEqual([])
    expect(Object.keys(FIXTURES).filter((code) => !codes.includes(code))).toEqual([])
  })

  for (const [code, fixtures] of Object.entries(FIXTURES)) {
    for (const { lines = '', phase = 'queued', last = ENDED, says } of fixtures) {
      it(`${code}: ${(lines || last).split('\n')[0]?.slice(0, 80)}`, () => {
        const clues = { ...cluesOf(entriesOf(lines, phase)), ...(lines === '' && { phase }) }
        const verdict = conclude(clues, { message: last })
        expect(verdict.cause.code).toBe(code)
        if (says !== undefined) expect(verdict.message).toBe(says)
      })
    }
  }

  it.each(ROWS)('of %s is named by each of its examples', (_, row) => {
    for (const example of row.examples) {
      const [phase = 'model_loading'] = row.phases ?? []
      const told = row.last ? NO_CLUES : cluesOf(entriesOf(example, phase))
      const last = row.last ? example : 'it ended'
      const found = conclude({ ...told, phase }, { message: last })
      // Words that only say that it ended name no cause where nothing else does.
      const expected = row.code === 'server_exited' && !row.last ? 'unknown' : row.code
      expect([example, found.cause.code]).toEqual([example, expected])
    }
  })

  it.each(ROWS)('of %s has an example for each of its expressions', (_, row) => {
    const words = row.examples.map((example) => wordsOf(peel(example).message))
    for (const when of expressions(row)) {
      expect([when.source, words.some((text) => when.test(text))]).toEqual([when.source, true])
    }
  })

  it.each(CAUSES.map((cause) => [cause.code, cause] as const))(
    '%s says in sentences what it means and what to do',
    (_, { means, advice }) => {
      for (const text of [means, advice]) expect(text).toMatch(/^[A-Z].{15,}\.$/)
      // They become a part of the details that are looked at again.
      expect(conclude(NO_CLUES, { message: `${means} ${advice}` }).cause).toBe(UNKNOWN)
    },
  )

  it('has no flag but i, and repeats nothing without a bound', () => {
    for (const when of ROWS.flatMap(([, row]) => expressions(row))) {
      expect(when.flags).toMatch(/^i?$/)
      expect(when.source).not.toMatch(/(?<!\\)[*+]/)
    }
  })

  it.each(HOSTILE)('needs time in proportion to a hostile line, of nothing but `%s`', (part) => {
    const all = ROWS.flatMap(([, row]) => expressions(row))
    const line = (size: number) => part.repeat(Math.ceil(size / part.length))
    expectLinear('the expressions', (size) => {
      const text = line(size)
      for (const when of all) when.test(text)
    })
    expectLinear('the clues', (size) => observe(NO_CLUES, entry(line(size), 'installing'), 0))
  })
})

describe('no cause', () => {
  it.each([
    'UserWarning: Failed to load image Python extension: no such library',
    'WARNING: destroy_process_group() was not called before program exit',
    'WARNING 01-02 03:04:05 [x.py:1] Failed to load a kernel: CUDA out of memory is likely',
    'W 01-02 03:04:05 x.py:1] No space left on device may follow',
    'Launching a spot job that does not automatically recover from preemptions.',
    "Initializing a V1 LLM engine (v1) with config: model='m', trust_remote_code=True, seed=0",
    'Port 29500 is already in use, trying port 29501',
    'GPU label has an invalid value. Reason: Invalid accelerator name in GKE cluster: X. Skipping...',
    'INFO 01-02 03:04:05 [x.py:1] non-default args: {"max_model_len": 4096, "port": 8000}',
    'not ready within 30m',
    'the launch was cancelled',
  ])('is seen in %s', (line) => {
    const clues = cluesOf(entriesOf(line, 'model_loading'))
    expect(best(clues.candidates ?? [])).toBeUndefined()
    expect(clues.wrapper).toBeUndefined()
  })

  it('is a capacity error of a place, once the next place had room', () => {
    const failover = `⚙︎ Launching on AWS us-east-1 (us-east-1a).
W 01-02 03:04:05 x.py:1] Got return codes 'ZONE_RESOURCE_POOL_EXHAUSTED' in a
⚙︎ Launching on AWS us-east-2 (us-east-2a).`
    const tried = cluesOf(entriesOf(failover))
    expect(conclude(tried, { message: ENDED }).cause.code).toBe('no_capacity')
    const went = cluesOf(entriesOf(`${failover}\n└── Instance is up.`))
    expect(conclude(went, { message: ENDED }).cause.code).toBe('server_exited')
  })

  it('is an error in a setup that goes on, but in one that ends it is', () => {
    const error = "(setup pid=1) error: unexpected argument '--new' found"
    const ends = cluesOf(entriesOf(error))
    expect(conclude(ends, { message: 'setup failed with exit code 2' }).message).toContain('--new')
    const goesOn = cluesOf(entriesOf(`${error}\n(setup pid=1) Resolved 1 package in 4ms`))
    const verdict = conclude(goesOn, { message: 'setup failed with exit code 2' })
    expect(verdict).toMatchObject({ message: 'setup failed with exit code 2' })
    expect(verdict.cause.code).toBe('setup_failed')
  })

  it('goes on with another node of several', () => {
    const one = '(setup pid=1, ip=10.0.0.1) fatal: it broke here'
    const other = '(setup pid=2, ip=10.0.0.2) Resolved 1 package in 4ms'
    const clues = cluesOf(entriesOf(`${one}\n${other}`))
    expect(conclude(clues, { message: 'setup failed with exit code 1' }).message).toContain('broke')
  })

  it('is left from the launch before', () => {
    const failed = { ...entry('no', 'failed'), level: 'error' } as LogEntry
    const first = [...entriesOf('RuntimeError: CUDA out of memory.', 'model_loading'), failed]
    const clues = cluesOf([...first, entry('Node launch request queued', 'queued')])
    expect(conclude(clues, { message: ENDED }).cause.code).toBe('server_exited')
  })
})

describe('the message of a failure', () => {
  it('is the last exception of the first traceback, where no row fits', () => {
    const lines = `Traceback (most recent call last):
  File "a.py", line 1, in f
    raise KeyError("no space: ENOSPC")
ray.exceptions.RayTaskError(OddError): here
  File "b.py", line 2, in g
oddity.OddError: the odd thing

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "c.py", line 3, in h
oddity.LaterError: what came of it`
    const clues = cluesOf(entriesOf(lines, 'model_loading'))
    const { cause, message } = conclude(clues, { message: ENDED })
    expect(message).toBe('oddity.OddError: the odd thing')
    expect(cause.code).toBe('unknown')
  })

  it('is the time-out, where an exception that no row knows came long before', () => {
    const lines = 'Traceback (most recent call last):\n  File "a"\nstats.UsageError: not sent'
    const clues = cluesOf(entriesOf(lines, 'model_loading'))
    const { message } = conclude(clues, { message: 'not ready within 30m' })
    expect(message).toBe('not ready within 30m')
  })

  it('is not found in output that the last word quotes', () => {
    const last = { message: ENDED, details: 'the job request was cancelled\nnot ready within 3s' }
    expect(conclude(NO_CLUES, last)).toMatchObject({ message: ENDED })
    expect(conclude(NO_CLUES, last).cause.code).toBe('server_exited')
  })

  it('is kept short, and so are the clues', () => {
    let clues: Clues = NO_CLUES
    for (let i = 0; i < 2000; i += 1) {
      const message = `ERROR: No space left on device ${i} ${'x'.repeat(50_000)}`
      clues = observe(clues, { timestamp: '', level: 'error', phase: 'installing', message }, i)
    }
    expect(JSON.stringify(clues).length).toBeLessThan(5000)
    expect(conclude(clues, { message: ENDED }).message).toMatch(/^ERROR: No space left.* 0 x+…$/)
  })

  it('is found in the stored list, with what it means and the launcher’s own words behind', async () => {
    const entries = entriesOf(
      `${'Loading\n'.repeat(2500)}RuntimeError: CUDA out of memory.\n${'bye\n'.repeat(1500)}`,
      'model_loading',
    )
    const texts = entries.map(writeEntry)
    const read = async (_: string, from: number, limit: number) => texts.slice(from, from + limit)
    const outcome = await explain(
      { message: ENDED, details: 'bye\nthe last of it' },
      { nodeId: 'n', store: { read } },
    )
    expect(outcome.message).toBe('RuntimeError: CUDA out of memory.')
    expect(outcome.details?.split('\n')).toEqual([
      expect.stringContaining('too little memory'),
      ENDED,
      // "bye" stands right above.
      'the last of it',
    ])
  })

  it('leaves others their turns while it is looked for in 100,000 entries', async () => {
    const [entry] = entriesOf('INFO 12-01 10:00:00 [loader.py:1] Loading weights', 'model_loading')
    const text = writeEntry(entry as LogEntry)
    const read = async (_: string, from: number, limit: number) =>
      Array<string>(Math.max(0, Math.min(limit, 100_000 - from))).fill(text)
    let turns = 0
    const others = setInterval(() => {
      turns += 1
    }, 1)
    await explain({ message: ENDED }, { nodeId: 'n', store: { read } })
    clearInterval(others)
    // It takes some 300 ms, of which others get a turn every 5.
    expect(turns).toBeGreaterThan(15)
  })

  it('comes with the advice of the tool whose line it is', async () => {
    const entries = entriesOf('toomanyrequests: You have pulled too often', 'installing')
    const read = async (_: string, from: number) => entries.slice(from).map(writeEntry)
    const { details } = await explain({ message: ENDED }, { nodeId: 'n', store: { read } })
    expect(details).toContain('Log in to the registry')
  })

  it('is the launcher’s own where nothing tells more', async () => {
    const read = async () => []
    const told = { message: 'it went away', details: 'nobody knows' }
    const explained = await explain(told, { nodeId: 'n', store: { read } })
    expect(explained).toEqual({ ...told, code: 'unknown' })
  })
})

describe('clues that an earlier version stored', () => {
  /** As that version wrote them. */
  const STORED = {
    memory:
      '{"phase":"model_loading","progress":0,"best":{"rank":4,"code":"cuda_out_of_memory","message":"RuntimeError: CUDA out of memory. Tried to allocate 2 GiB.","phase":"model_loading"},"settled":true}',
    exception:
      '{"phase":"model_loading","progress":0,"traceback":"told","best":{"rank":2,"message":"oddity.OddError: the odd thing","phase":"model_loading"}}',
    setup:
      '{"phase":"installing","progress":0,"best":{"rank":1,"message":"(setup pid=3) fatal: repository x was not there","phase":"installing"},"wrapper":{"rank":0,"code":"setup_failed","message":"ERROR: Job 1\'s setup failed with return code 2","phase":"installing"}}',
    stage:
      '{"phase":"instance_ready","progress":0,"wrapper":{"rank":0,"code":"runtime_setup_failed","message":"⨯ Failed to set up SkyPilot runtime on cluster.  View logs: x","phase":"instance_ready"}}',
    traceback: '{"phase":"model_loading","progress":0,"traceback":"open"}',
  }

  it.each([
    ['memory', 'gpu_out_of_memory', 'RuntimeError: CUDA out of memory. Tried to allocate 2 GiB.'],
    ['exception', 'unknown', 'oddity.OddError: the odd thing'],
    ['setup', 'setup_failed', '(setup pid=3) fatal: repository x was not there'],
    ['stage', 'runtime_setup_failed', '⨯ Failed to set up SkyPilot runtime on cluster.'],
    ['traceback', 'unknown', 'gave up'],
  ] as const)('explain the launch that goes on: %s', (name, code, says) => {
    const stored = current(JSON.parse(STORED[name]))
    const clues = observe(stored, entry('going on', stored.phase), 7)
    const verdict = conclude(clues, { message: 'gave up', index: 9 })
    expect(verdict.cause.code).toBe(code)
    expect(verdict.message).toContain(says)
    // Only the last word has a place in the list.
    const places = name === 'traceback' ? [{ index: 9, message: 'gave up' }] : []
    expect(verdict.evidence).toEqual(places)
  })

  it('lose to what the rest of the launch says more surely', () => {
    const stored = current(JSON.parse(STORED.exception))
    const [line] = entriesOf('OSError: [Errno 28] No space left on device', 'model_loading')
    const { cause, evidence } = conclude(observe(stored, line as LogEntry, 7), { message: 'x' })
    expect(cause.code).toBe('disk_full')
    expect(evidence.map(({ index }) => index)).toEqual([7])
  })

  it('are left as they are where they have today’s form', () => {
    const clues = cluesOf(entriesOf("ERROR: Job 1's setup failed with return code 2", 'installing'))
    expect(current(JSON.parse(JSON.stringify(clues)))).toEqual(clues)
    expect(clues.wrapper?.index).toBe(0)
  })
})

describe('the record of a node whose log is sent in', () => {
  const failed = (entries: LogEntry[]) =>
    entries.reduce((record, one, i) => fold(record, one, i), UNFOLDED).failure

  it('has the cause, the phase, and what the last entry said besides', () => {
    const lines = entriesOf('OSError: [Errno 28] No space left on device', 'model_loading')
    expect(failed([...lines, { ...entry('gave up', 'failed'), details: 'after 3' }])).toEqual({
      code: 'disk_full',
      phase: 'model_loading',
      message: 'OSError: [Errno 28] No space left on device',
      advice: expect.stringContaining('disk_size'),
      details: 'gave up\nafter 3',
      evidence: [{ index: 0, message: 'OSError: [Errno 28] No space left on device' }],
    })
  })

  it('has the advice of the tool that said so, where that is better than the usual one', () => {
    const line = 'slurmstepd: error: *** JOB 4711 ON gpu01 CANCELLED DUE TO TIME LIMIT ***'
    const told = failed([...entriesOf(line, 'model_loading'), entry('bye', 'failed')])
    expect(told).toMatchObject({ code: 'launch_timeout', advice: expect.stringMatching(/#SBATCH/) })
    const last = failed([entry('x', 'model_loading'), entry(line, 'failed')])
    expect(last?.advice).toBe(told?.advice)
  })

  it('has the cause that only the last entry names', () => {
    const last = entry('Launch failed: CUDA out of memory', 'failed')
    expect(failed([entry('x', 'model_loading'), last])).toMatchObject({
      code: 'gpu_out_of_memory',
      message: 'Launch failed: CUDA out of memory',
    })
  })

  it('is unknown where nothing tells', () => {
    const { code, advice } = failed([entry('hello', 'queued'), entry('bye', 'failed')]) ?? {}
    expect({ code, advice }).toEqual({ code: 'unknown', advice: UNKNOWN.advice })
  })

  it('reads lines that still have their heads', () => {
    const raw = '(EngineCore pid=3) ERROR 01-02 03:04:05 [core.py:7] CUDA out of memory'
    const lines = [entry(raw, 'model_loading'), entry('bye', 'failed')]
    expect(failed(lines)).toMatchObject({ code: 'gpu_out_of_memory', message: raw })
  })
})

describe('genuine output', () => {
  if (!transcripts) {
    it.skip('has its cause (set LAUNCHTAIL_TRANSCRIPTS to folders of transcripts)')
    return
  }
  // Cut out of the middle of a launch, while its server was being started.
  const begun = ['vllm-0.20-bad-flag-crash-restart']
  const cluesIn = (file: string) => {
    const phase = begun.includes(file) ? 'model_loading' : undefined
    return cluesOf(entriesOf(readTranscript(`${file}.log`), phase))
  }

  it.each([
    ['runpod-no-capacity', 'no_capacity', 'all possible launchable resources'],
    ['k8s-no-matching-gpu', 'no_matching_instance', 'No resource satisfying'],
    ['k8s-runtime-setup-failed', 'runtime_setup_failed', 'AssertionError: cpu_request'],
    ['k8s-insufficient-capacity', 'no_capacity', 'Insufficient CPU capacity'],
    ['vllm-gated-model-401', 'gated_model', '401 Client Error: Unauthorized'],
    ['vllm-oom-sampler-warmup', 'gpu_out_of_memory', 'torch.OutOfMemoryError: CUDA out of'],
    ['vllm-0.20-bad-flag-crash-restart', 'bad_flag', "moe_backend='triton' is not supported"],
  ])('of %s gives %s', (file, code, says) => {
    const { cause, message } = conclude(cluesIn(file), { message: 'it failed' })
    expect(cause.code).toBe(code)
    expect(message).toContain(says)
  })

  it.each([
    'nebius-h100-basic',
    'nebius-2node-infiniband',
    'slurm-a40-nvidia-smi',
    'k8s-managed-job-h100',
    'k8s-relaunch-workdir-agent',
    'gcp-t4-docker-compose-serve',
    'gcp-zone-failover-a100',
    'azure-to-gcp-failover-a100x8',
    'gcp-spot-tpu-still-launching',
    'k8s-skyserve-vllm-setup-error',
    'llama3-vllm-gradio-ready',
    'azure-vllm-mixtral-engine-init',
    'vllm-0.13-startup-ok',
    'vllm-slurm-shards-ready',
  ])('of %s leaves no cause', (file) => {
    const clues = cluesIn(file)
    expect(best(clues.candidates ?? [])).toBeUndefined()
    expect(clues.wrapper).toBeUndefined()
  })
})

function cluesOf(entries: LogEntry[]): Clues {
  return entries.reduce((clues, entry, i) => observe(clues, entry, i), NO_CLUES)
}

function entry(message: string, phase: Phase): LogEntry {
  return { timestamp: '2026-01-02T03:04:05.000Z', level: 'info', message, phase }
}

/** As the pipeline makes them. */
function entriesOf(text: string, phase: Phase = NOT_LAUNCHED.phase): LogEntry[] {
  let state: LaunchState = { ...NOT_LAUNCHED, phase }
  const reader = createReader()
  return text.split('\n').flatMap((line) => {
    const interpreted = reader.read(state, cleanLine(line))
    if (!interpreted) return []
    state = interpreted.state
    return [{ ...entry('', state.phase), ...interpreted.draft } as LogEntry]
  })
}

function expressions({ when = [], maybe = [], wraps = [] }: CauseRow): RegExp[] {
  return [...when, ...maybe, ...wraps]
}
