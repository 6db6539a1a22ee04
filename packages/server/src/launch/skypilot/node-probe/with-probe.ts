import type { Readiness } from '../../readiness/readiness.js'
import type { SkyTask } from '../vllm-task.js'
import type { ProbeMark } from './mark.js'
import { PREAMBLE } from './preamble.js'

/** Seconds that one answer may take, unless the task says otherwise. */
const ANSWER = 2

/**
 * The task with a probe that runs on the node beside its job. Everything that the caller gave reaches
 * the probe as environment variables, headers and a body as secrets, because a token may be in them.
 */
export function withProbe(task: SkyTask, { halves }: ProbeMark, readiness: Readiness): SkyTask {
  const { paths, headers, body, answer, port } = readiness
  const { run, ...fields } = task.fields
  const lines = Object.entries(headers ?? {}).map(([name, value]) => `${name}: ${value}`)
  return {
    ...task,
    fields: { ...fields, run: `${PREAMBLE}${run}` },
    envs: {
      ...task.envs,
      LAUNCHTAIL_PROBE_MARK: halves,
      LAUNCHTAIL_PROBE_PATHS: paths.join(' '),
      LAUNCHTAIL_PROBE_WAIT: String(Math.ceil((answer ?? ANSWER * 1000) / 1000)),
      ...(port !== undefined && { LAUNCHTAIL_PROBE_PORT: String(port) }),
    },
    secrets: {
      ...task.secrets,
      ...(lines.length > 0 && { LAUNCHTAIL_PROBE_HEADERS: lines.join('\n') }),
      ...(body !== undefined && { LAUNCHTAIL_PROBE_BODY: body }),
    },
  }
}
