import type { Tool } from './tool.js'

/** Slurm: `sbatch`, `srun`, `salloc` and the daemon on each node. */
export const slurm: Tool = {
  name: 'Slurm',
  spoken: 'by anybody',
  rules: [
    {
      when: /^Submitted batch job \d/,
      phase: 'queued',
      progress: 5,
      example: 'Submitted batch job 4711',
    },
    {
      when: /^(?:srun|salloc): (?:job \d{1,12} queued and waiting|Pending job allocation|Required node not available)/,
      phase: 'provisioning',
      progress: 15,
      example: 'srun: job 4711 queued and waiting for resources',
    },
    {
      when: /^(?:srun|salloc): (?:job \d{1,12} has been allocated resources|Granted job allocation|Nodes \S{1,253} are ready for job)/,
      phase: 'instance_ready',
      progress: 55,
      example: 'salloc: Granted job allocation 4711',
    },
    {
      // The daemon of a step also names its machine: `slurmstepd-gpu01`.
      when: /^(?:slurmstepd(?:-[\w.-]{1,253})?|srun|sbatch|salloc): (?:error|fatal): /,
      level: 'error',
      example:
        'slurmstepd: error: *** JOB 4711 ON gpu01 CANCELLED AT 2026-01-02T03:04:05 DUE TO TIME LIMIT ***',
    },
    {
      when: /^srun: (?:Job step aborted|Terminating StepId|First task exited)/,
      level: 'warn',
      example: 'srun: Job step aborted: Waiting up to 32 seconds for job step to finish.',
    },
  ],
  causes: [
    {
      code: 'launch_timeout',
      when: [/\bDUE TO TIME LIMIT\b/],
      examples: [
        'slurmstepd: error: *** JOB 4711 ON gpu01 CANCELLED AT 2026-01-02T03:04:05 DUE TO TIME LIMIT ***',
      ],
      advice: 'Ask for more time (`#SBATCH --time`): Slurm ended the job for its time limit.',
    },
    {
      code: 'node_failure',
      when: [
        /\bDUE TO NODE FAILURE\b/,
        /\bUnable to contact slurm controller\b/,
        /^srun: error: Node failure on \S/,
      ],
      examples: [
        'slurmstepd: error: *** JOB 4711 ON gpu01 CANCELLED AT 2026-01-02T03:04:05 DUE TO NODE FAILURE, SEE SLURMCTLD LOG FOR DETAILS ***',
        'sbatch: error: Unable to contact slurm controller (connect failure)',
        'srun: error: Node failure on gpu01',
      ],
    },
    {
      code: 'preempted',
      when: [/\bDUE TO PREEMPTION\b/],
      examples: [
        'slurmstepd: error: *** STEP 4711.0 ON gpu01 CANCELLED AT 2026-01-02T03:04:05 DUE TO PREEMPTION ***',
      ],
    },
    {
      code: 'host_out_of_memory',
      when: [
        /\b(?:Detected|Some of the step tasks have been) (?:\d{1,6} )?(?:oom[-_ ]kill|OOM Killed)/i,
        /\bExceeded (?:job|step) memory limit\b/,
      ],
      examples: [
        'slurmstepd: error: Detected 1 oom_kill event in StepId=4711.batch.',
        'slurmstepd: error: Exceeded job memory limit',
      ],
    },
    {
      code: 'cancelled',
      maybe: [
        /^(?:slurmstepd(?:-[\w.-]{1,253})?: error: )?\*\*\* JOB \S{1,40} ON \S{1,253} CANCELLED AT \S{1,40} \*\*\*/,
      ],
      // A step is also cancelled because another one failed.
      wraps: [
        /^(?:slurmstepd(?:-[\w.-]{1,253})?: error: )?\*\*\* STEP \S{1,40} ON \S{1,253} CANCELLED AT \S{1,40} \*\*\*/,
      ],
      examples: [
        'slurmstepd: error: *** JOB 4711 ON gpu01 CANCELLED AT 2026-01-02T03:04:05 ***',
        'slurmstepd-vm: error: *** STEP 6.12 ON vm CANCELLED AT 2026-01-02T03:04:05 ***',
      ],
    },
    {
      code: 'no_matching_instance',
      when: [
        /\bRequested node configuration is not available\b/,
        /\binvalid partition specified\b/,
        /\bInvalid generic resource \(gres\) specification\b/,
        /\bInvalid account or account\/partition combination\b/,
      ],
      examples: [
        'sbatch: error: Batch job submission failed: Requested node configuration is not available',
        'sbatch: error: invalid partition specified: h100',
        'sbatch: error: Batch job submission failed: Invalid generic resource (gres) specification',
        'sbatch: error: Batch job submission failed: Invalid account or account/partition combination specified',
      ],
      advice: 'Ask for a partition, account and GPUs that `sinfo` and `sacctmgr` show.',
    },
    {
      code: 'server_exited',
      wraps: [/^srun: error: \S{1,253}: tasks? \S{1,60}: /],
      examples: ['srun: error: gpu01: task 0: Exited with exit code 1'],
    },
  ],
}
