import type { LaunchWord } from '../../ingest/launch-line.js'

/**
 * The lines that a supervisor writes between those of the task, and what they mean. They are part of the
 * output, so that reading it again gives the same entries.
 */
const RULES = [
  { when: /^preparing a folder and a port$/, phase: 'provisioning', progress: 10 },
  { when: /^this machine is ready$/, phase: 'instance_ready', progress: 50 },
  { when: /^setup started$/, phase: 'installing', progress: 60 },
  { when: /^the task has no setup$/, phase: 'installing', progress: 60 },
  { when: /^setup finished$/, phase: 'installing', progress: 70 },
  { when: /^run started on port \d+$/, phase: 'model_loading', progress: 70 },
] as const

const PREFIX = 'launchtail: '

/** A line of the supervisor's own, as it is written to the output. */
export function marker(text: string): string {
  return `${PREFIX}${text}\n`
}

/** The meaning of a line; undefined where it is not one of the supervisor's. */
export function wordOf(line: string): LaunchWord | undefined {
  if (!line.startsWith(PREFIX)) return undefined
  const text = line.slice(PREFIX.length)
  const rule = RULES.find(({ when }) => when.test(text))
  const message = `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`
  return rule && { message, phase: rule.phase, progress: rule.progress }
}
