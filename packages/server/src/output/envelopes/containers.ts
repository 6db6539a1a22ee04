import { CAPITALS, DIGITS, type Envelope, LETTERS, TIME } from './envelope.js'

/** Containers: docker compose, Kubernetes, and a cloud's log viewer. */
export const containers: readonly Envelope[] = [
  {
    name: 'docker compose',
    first: LETTERS + DIGITS,
    holds: '|',
    // One blank before the bar is also how people draw tables, so then the name must look like one.
    when: /^(?!(?:debug|info|warn|warning|error) )(?<container>[a-z0-9][a-z0-9_.-]{0,127}(?= {2}|[-_]\d{1,4} |(?<=[-_][a-z0-9.]{1,60}) )) {1,64}\|(?: |$)/,
    said: ({ container }) => ({ container }),
    example: ['vllm-1  | Loading', 'Loading'],
  },
  {
    name: 'kubectl logs --prefix',
    first: '[',
    when: /^\[pod\/(?<replica>[a-z0-9.-]{1,253})\/(?<container>[a-z0-9.-]{1,253})\](?: |$)/,
    said: ({ replica, container }) => ({ replica, container }),
    example: ['[pod/vllm-7c9f-abcde/vllm] Loading', 'Loading'],
  },
  {
    name: 'a container runtime (CRI)',
    first: DIGITS,
    when: new RegExp(`^(?<at>${TIME}) (?:stdout|stderr) [FP](?: |$)`),
    said: ({ at }) => ({ at }),
    example: ['2026-01-02T03:04:05.123456789Z stderr F Loading', 'Loading'],
  },
  {
    name: 'Cloud Logging',
    first: CAPITALS,
    when: new RegExp(
      `^(?<level>DEFAULT|DEBUG|INFO|NOTICE|WARNING|ERROR|CRITICAL|ALERT) {1,8}(?<at>${TIME}) {1,4}\\[(?:resource\\.labels\\.containerName: )?(?<container>[a-z][a-z0-9.-]{0,127})\\](?: |$)`,
    ),
    said: ({ level, at, container }) => ({ level, at, container }),
    example: ['INFO 2026-01-02T03:04:05.123456789Z [vllm] Loading', 'Loading'],
  },
  {
    name: 'docker build',
    first: '#',
    when: /^#\d{1,4} \d{1,6}\.\d{1,4}(?: |$)/,
    said: () => ({}),
    example: ['#12 0.402 Using CPython 3.9.21', 'Using CPython 3.9.21'],
  },
  {
    name: 'docker build, where it repeats what failed',
    first: DIGITS,
    when: /^\d{1,6}\.\d{1,4} (?=\/bin\/|E: |W: |(?:ERROR|error|fatal|Error): | {0,4}[×├╰] |[\w./-]{1,60}: )/,
    said: () => ({}),
    example: ['0.234 /bin/sh: 1: uv: not found', '/bin/sh: 1: uv: not found'],
  },
]
