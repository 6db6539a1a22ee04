import type { Tool } from './tool.js'

/** SkyPilot's own lines and spinners, from late 2024 on. */
export const skypilot: Tool = {
  name: 'SkyPilot',
  spoken: 'by SkyPilot',
  rules: [
    {
      when: /^(?:YAML to run|Command to run|Task from command): /,
      phase: 'queued',
      progress: 1,
      example: 'YAML to run: task.yaml',
    },
    {
      when: /^Waiting for '[\w.]{1,40}' request to be scheduled/,
      phase: 'queued',
      progress: 2,
      example: "Waiting for 'sky.launch' request to be scheduled: 0a1b",
    },
    {
      when: /^(?:Uploading files to API server|Files uploaded)/,
      phase: 'queued',
      progress: 2,
      example: '⚙︎ Uploading files to API server',
    },
    {
      when: /^Considered resources \(/,
      phase: 'queued',
      progress: 5,
      example: 'Considered resources (1 node):',
    },
    {
      // Once for each place that is tried.
      when: /^Launching (?:[\w ]{1,40} controller )?on \S/,
      phase: 'provisioning',
      progress: (_, { progress }) => (progress < 15 ? 15 : Math.min(45, progress + 3)),
      example: '⚙︎ Launching on AWS us-east-1 (us-east-1a,us-east-1b).',
    },
    {
      when: /^SkyPilot version: .{1,40}; commit: /,
      phase: 'provisioning',
      progress: 12,
      example: 'SkyPilot version: 0.9.3; commit: 0a1b',
    },
    {
      when: /^Retrying provisioning/,
      phase: 'provisioning',
      level: 'warn',
      example: 'Retrying provisioning',
    },
    {
      when: /^Waiting for (?:\d{1,5} )?(?:instances?|machines?|nodes?|pods?|VMs?) to be (?:ready|up|running|scheduled)\b/,
      phase: 'provisioning',
      example: 'Waiting for 1 instances to be ready (Attempt 23/120).',
    },
    {
      when: /^(?:Waiting for SSH\b|SSH Conn?ection [Rr]eady for )/,
      phase: 'provisioning',
      example: "SSH Connection ready for 'vllm2'",
    },
    {
      when: /^Successfully submitted Slurm job \d/,
      phase: 'provisioning',
      example: 'Successfully submitted Slurm job 7207577 to partition short',
    },
    {
      when: /^={3,10} std(?:out|err) ={3,10}$/,
      phase: 'provisioning',
      example: '====== stdout ======',
    },
    {
      when: /^(?:Instance is|Instances are|Pod is|Pods are) up\b/,
      phase: 'instance_ready',
      progress: 50,
      example: '└── Instance is up.',
    },
    {
      when: /^Launching - Initializing docker container/,
      phase: 'instance_ready',
      progress: 51,
      example: 'Launching - Initializing docker container',
    },
    {
      when: /^Docker container is up\b/,
      phase: 'instance_ready',
      progress: 52,
      example: '└── Docker container is up.',
    },
    {
      when: /^Preparing SkyPilot runtime \(([1-3])\/3\b/,
      phase: 'instance_ready',
      progress: (match) => 52 + 2 * Number(match[1] ?? Number.NaN),
      example: 'Preparing SkyPilot runtime (2/3 - dependencies)',
    },
    {
      when: /^Cluster launched: /,
      phase: 'instance_ready',
      progress: 60,
      example: '✓ Cluster launched: vllm2.  View logs: sky logs vllm2',
    },
    {
      when: /^(?:Replica cluster \S{1,200} launched\b|Managed job cluster launched\b)/,
      phase: 'instance_ready',
      progress: 60,
      example: 'Managed job cluster launched.',
    },
    {
      when: /^(?:Syncing files|Synced (?:workdir|file_mounts)|Mounting files|Files synced|Syncing \(to \d)/,
      phase: 'installing',
      progress: 60,
      example: '⚙︎ Syncing files.',
    },
    {
      when: /^(?:Setup detached|Setup completed|Running setup on )/,
      phase: 'installing',
      progress: 60,
      example: '✓ Setup detached.',
    },
    {
      when: /^Start streaming logs for /,
      phase: 'installing',
      progress: 60,
      example: 'Start streaming logs for managed job 3',
    },
    {
      when: /^Job submitted, ID: /,
      phase: 'installing',
      progress: 61,
      example: '⚙︎ Job submitted, ID: 1',
    },
    {
      when: /^Waiting for task resources on /,
      phase: 'installing',
      progress: 61,
      note: 'The job starts when its nodes have the CPUs, memory and GPUs it asks for free.',
      example: '├── Waiting for task resources on 1 node.',
    },
    {
      when: /^Job started\. Streaming logs/,
      phase: 'installing',
      progress: 62,
      note: 'The output of the task follows. The node is active as soon as its server is ready.',
      example: '└── Job started. Streaming logs... (Ctrl-C to exit)',
    },

    // Reasons to show. Whether the launch is over is not said by a line.
    {
      when: /^Failed to (?:provision\b|set up SkyPilot runtime)/,
      level: 'error',
      example: '⨯ Failed to set up SkyPilot runtime on cluster.',
    },
    {
      when: /^(?:[\w .]{1,80} with error: |RuntimeError: )?(?:RuntimeError: )?Failed to SSH to /,
      level: 'error',
      example: 'RuntimeError: Failed to SSH to 203.0.113.2 after timeout 600s',
    },
    {
      when: /^sky\.exceptions\.CommandError: Command /,
      level: 'error',
      example: 'sky.exceptions.CommandError: Command docker exec x failed with return code 137.',
    },
    {
      when: /^No resource satisfying /,
      level: 'error',
      example: "No resource satisfying <Cloud>({'H900': 1}) on AWS.",
    },
    {
      when: /^(?:Catalog|Kubernetes cluster) does not contain any instances satisfying /,
      level: 'error',
      example: 'Catalog does not contain any instances satisfying the request:',
    },
    {
      when: /^Task .{1,200} requires \w{1,40} which is not enabled/,
      level: 'error',
      example: 'Task vllm requires aws which is not enabled.',
    },
    {
      when: /^Job \d{1,10}'s setup failed\b/,
      level: 'error',
      example: "Job 1's setup failed. Failed workers: (pid=7, returncode=1)",
    },
    {
      // A managed job may be said to be finished while it runs.
      when: /^(?:Managed j|J)ob finished.{0,40} \(status: (?:FAILED|CANCELLED)/,
      level: 'error',
      example: '✓ Job finished (status: FAILED).',
    },
    {
      when: /^Cluster '?[\w.-]{1,128}'? does not exist/,
      level: 'error',
      example: "Cluster 'vllm2' does not exist.",
    },
    {
      when: /^'sky\.\w{1,40}' request \S{1,64} cancelled/,
      level: 'warn',
      example: "'sky.launch' request 0a1b cancelled",
    },

    // One place failed, and the next is tried.
    {
      when: /^(?:sky\.exceptions\.ResourcesUnavailableError: )?Failed to acquire resources in /,
      level: 'warn',
      example: 'Failed to acquire resources in all zones in us-east-1 for {AWS(p4d)}.',
    },
    {
      when: /^(?:Failed to create instances|run_instances: Error occurred|Got return codes?)\b/,
      level: 'warn',
      example: "Got return code 8 in us-central1-a: 'Insufficient reserved capacity.'",
    },
    // A shell without a terminal says so each time.
    {
      when: /^(?:mesg: ttyname failed|bash: (?:cannot set terminal process group|no job control))/,
      level: 'info',
      example: 'mesg: ttyname failed: Inappropriate ioctl for device',
    },
  ],
  causes: [
    {
      code: 'no_capacity',
      maybe: [
        /^(?:sky\.exceptions\.\w{1,64}: )?Failed to acquire resources in (?:all zones in|context)\b/,
      ],
      wraps: [
        /^(?:sky\.exceptions\.\w{1,64}: )?Failed to provision all possible launchable resources\b/,
      ],
      examples: [
        'Failed to acquire resources in all zones in us-east-1 for {AWS(p4d)}.',
        'sky.exceptions.ResourcesUnavailableError: Failed to provision all possible launchable resources.',
      ],
    },
    {
      code: 'no_matching_instance',
      when: [
        /^No resource satisfying /,
        /^(?:sky\.exceptions\.\w{1,64}: )?(?:Catalog|Kubernetes cluster|\w{1,40}) does not contain any instances satisfying the request\b/,
        /\bCould not detect GPU resources\b/,
      ],
      examples: [
        "No resource satisfying <Cloud>({'H900': 1}) on AWS.",
        'Catalog does not contain any instances satisfying the request:',
        'Kubernetes: Could not detect GPU resources in the cluster.',
      ],
    },
    {
      code: 'cloud_not_enabled',
      when: [
        /\brequires \w{1,40} which is not enabled\b/,
        /\b(?:No cloud is enabled|NoCloudAccessError|No cloud access)\b/,
        /^(?:[\w.]{1,80}: )?Cloud '?\w{1,40}'? is not enabled\b/,
      ],
      examples: [
        'ValueError: Task t requires aws which is not enabled. Run sky check.',
        'sky.exceptions.NoCloudAccessError: none',
        'Cloud GCP is not enabled.',
      ],
    },
    {
      code: 'bad_setting',
      when: [
        /^\s{0,8}\w{1,40} {2,40}\S.{0,200}\bnot supported (?:in|on|by|for) \w/,
        /^(?:[\w.]{1,80}: )?No enabled clouds? supports? opening ports\b/,
      ],
      examples: [
        '\topen_ports   Opening ports is not supported in Slurm.',
        'No enabled clouds support opening ports. To fix: do not specify resources.ports',
      ],
    },
    {
      code: 'ssh_unreachable',
      when: [/\bFailed to SSH to \S/, /^ssh: connect to host \S{1,253} port \d{1,5}: /],
      maybe: [/\b(?:Waiting for|wait_for) SSH\b.{0,80}\btimed? ?out\b/i],
      examples: [
        'RuntimeError: Failed to SSH to 203.0.113.2 after timeout 600s',
        'ssh: connect to host 203.0.113.61 port 22: Connection timed out',
        'Waiting for SSH timed out',
      ],
    },
    {
      code: 'sky_not_installed',
      when: [/\bSkyPilot is not installed\b/, /\bsky: command not found\b/],
      examples: [
        'SkyPilot is not installed: "sky" was not found on PATH',
        'bash: sky: command not found',
      ],
    },
    {
      code: 'api_server_unreachable',
      when: [
        /\bApiServerConnectionError\b/,
        /\b(?:Could not|Cannot|Failed to) (?:connect to|reach) (?:the )?(?:SkyPilot |sky )?API server\b/i,
        /\bAPI server (?:\S{1,300} )?(?:does not answer|did not answer|cannot be reached|is (?:gone|unreachable|not reachable|out of reach))\b/i,
      ],
      examples: [
        'sky.exceptions.ApiServerConnectionError: no answer',
        'Cannot reach the SkyPilot API server: connection refused',
        'the SkyPilot API server http://x:1 cannot be reached',
      ],
    },
    {
      code: 'launch_interrupted',
      when: [
        /^SkyPilot no longer knows the launch, as after a restart\b/,
        /\bwas interrupted by an API server restart\b/,
      ],
      examples: [
        'SkyPilot no longer knows the launch, as after a restart of its API server, and the cluster cic-1 had no job 3m later',
        "Request '7f3a' was interrupted by an API server restart and will not be resumed.",
      ],
    },
    {
      code: 'api_server_mismatch',
      when: [
        /\bAPIVersionMismatchError\b/,
        /\bAPI server \S{1,300} has a version that does not work\b/,
        /\b(?:client|server) and (?:client|server) .{0,40}versions? (?:mismatch|are (?:incompatible|not compatible))/i,
      ],
      examples: [
        'sky.exceptions.APIVersionMismatchError: 12 and 9',
        'the SkyPilot API server http://x:1 has a version that does not work with this server',
        'client and server versions are incompatible',
      ],
    },
    {
      code: 'recovery_failed',
      when: [
        /\bNoClusterLaunchedError\b/,
        /\bNo cluster name found in the pool\b/,
        /\bNo available workers? (?:found )?in the pool\b/i,
      ],
      wraps: [
        /^Unexpected error in JobsController\b/,
        /\bFAILED_CONTROLLER\b/,
        /\bFAILED_NO_RESOURCE\b/,
      ],
      examples: [
        'sky.exceptions.NoClusterLaunchedError: none',
        'Failed to launch a cluster with error: x: No cluster name found in the pool.',
        'No available workers in the pool',
        'Unexpected error in JobsController run for task 0',
        'Managed job 3 status: FAILED_CONTROLLER',
        'Managed job 3 status: FAILED_NO_RESOURCE',
      ],
    },
    {
      code: 'host_out_of_memory',
      when: [/^sky\.exceptions\.CommandError: .{1,1900}\bfailed with return code 137\b/],
      examples: ['sky.exceptions.CommandError: Command docker exec x failed with return code 137.'],
    },
    {
      code: 'incompatible_versions',
      when: [
        /^sky\.exceptions\.CommandError: Command (?:squeue|sinfo|sbatch|scontrol|kubectl)\b.{1,1900}\bfailed with return code [12]\b/,
      ],
      examples: [
        'sky.exceptions.CommandError: Command squeue -h --only-job-state failed with return code 1.',
      ],
      advice:
        'Bring SkyPilot and the cluster’s own tools to versions that know each other’s options.',
    },
    {
      code: 'runtime_setup_failed',
      when: [/^bash: sudo: command not found$/],
      wraps: [
        /^Failed to set up SkyPilot runtime\b/,
        /\bClusterSetUpError\b/,
        /^Failed to run docker setup commands\b/,
      ],
      examples: [
        'bash: sudo: command not found',
        '⨯ Failed to set up SkyPilot runtime on cluster.  View logs: x',
        'sky.exceptions.ClusterSetUpError: no',
        'Failed to run docker setup commands.',
      ],
    },
    {
      code: 'server_exited',
      wraps: [/^Failed to provision (?!all possible)/],
      examples: ["Failed to provision 'sky-7404-user' on Slurm (short)."],
    },
    {
      code: 'setup_failed',
      wraps: [/^Job \d{1,10}'s setup failed\b/, /\bFAILED_SETUP\b/],
      examples: [
        "ERROR: Job 1's setup failed. Failed workers: (pid=7)",
        'the job ended (FAILED_SETUP)',
      ],
    },
  ],
}
