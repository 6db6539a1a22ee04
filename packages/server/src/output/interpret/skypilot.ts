import type { Rule } from './rule.js'

/** SkyPilot's own lines and spinners, from late 2024 on. */
export const skypilot: readonly Rule[] = [
  { when: /^(?:YAML to run|Command to run|Task from command): /, phase: 'queued', progress: 1 },
  { when: /^Waiting for '[\w.]{1,40}' request to be scheduled/, phase: 'queued', progress: 2 },
  { when: /^(?:Uploading files to API server|Files uploaded)/, phase: 'queued', progress: 2 },
  { when: /^Considered resources \(/, phase: 'queued', progress: 5 },

  {
    // Once for each place that is tried.
    when: /^Launching (?:[\w ]{1,40} controller )?on \S/,
    phase: 'provisioning',
    progress: (_, { progress }) => (progress < 15 ? 15 : Math.min(45, progress + 3)),
  },
  { when: /^SkyPilot version: .{1,40}; commit: /, phase: 'provisioning', progress: 12 },
  { when: /^Retrying provisioning/, phase: 'provisioning', level: 'warn' },

  {
    when: /^(?:Instance is|Instances are|Pod is|Pods are) up\b/,
    phase: 'instance_ready',
    progress: 50,
  },
  {
    when: /^Launching - Initializing docker container/,
    phase: 'instance_ready',
    progress: 51,
  },
  { when: /^Docker container is up\b/, phase: 'instance_ready', progress: 52 },
  {
    when: /^Preparing SkyPilot runtime \(([1-3])\/3\b/,
    phase: 'instance_ready',
    progress: (match) => 52 + 2 * Number(match[1]),
  },
  { when: /^Cluster launched: /, phase: 'instance_ready', progress: 60 },
  { when: /^Replica cluster \S{1,200} launched\b/, phase: 'instance_ready', progress: 60 },

  {
    when: /^(?:Syncing files|Synced workdir|Mounting files|Files synced|Syncing \(to \d)/,
    phase: 'installing',
    progress: 60,
  },
  {
    when: /^(?:Setup detached|Setup completed|Running setup on )/,
    phase: 'installing',
    progress: 60,
  },
  { when: /^Start streaming logs for /, phase: 'installing', progress: 60 },
  { when: /^Job submitted, ID: /, phase: 'installing', progress: 61 },
  { when: /^Waiting for task resources on /, phase: 'installing', progress: 61 },
  { when: /^Job started\. Streaming logs/, phase: 'installing', progress: 62 },

  // Reasons to show. Whether the launch is over is not said by a line.
  { when: /^Failed to (?:provision resources|set up SkyPilot runtime)/, level: 'error' },
  { when: /^No resource satisfying /, level: 'error' },
  {
    when: /^(?:Catalog|Kubernetes cluster) does not contain any instances satisfying /,
    level: 'error',
  },
  { when: /^Task .{1,200} requires \w{1,40} which is not enabled/, level: 'error' },
  { when: /^Job \d{1,10}'s setup failed /, level: 'error' },
  { when: /^(?:Managed j|J)ob finished.{0,40} \(status: (?!SUCCEEDED)/, level: 'error' },
  { when: /^Cluster '?[\w.-]{1,128}'? does not exist/, level: 'error' },
  { when: /^'sky\.\w{1,40}' request \S{1,64} cancelled/, level: 'warn' },

  // One place failed, and the next is tried.
  {
    when: /^(?:sky\.exceptions\.ResourcesUnavailableError: )?Failed to acquire resources in /,
    level: 'warn',
  },
  {
    when: /^(?:Failed to create instances|run_instances: Error occurred|Got return codes?)\b/,
    level: 'warn',
  },
]
