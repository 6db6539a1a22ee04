import type { LaunchRequest, NodeLaunch } from '@launchtail/client/protocol'
import { createRedactor } from '../output/redact/index.js'
import { saysSecret } from '../output/redact/secret-name.js'
import { secretsIn } from './launch-secrets.js'
import { parseTask } from './task.js'
import { escapedIn, placesIn, type ValuePlace } from './task-places.js'

/**
 * A request as it may be kept and shown. The names of its secrets stay, also of those in the task;
 * whatever else looks like a secret, or is one of `values`, becomes `***`.
 */
export function withoutSecrets(
  { secrets = {}, envs, task, ...rest }: LaunchRequest,
  values: readonly string[],
): NodeLaunch {
  const { redact } = createRedactor({ values })
  const masked: string[] = []
  const parsed = task === undefined ? undefined : parseTask(task)
  const own = parsed ? secretsIn(parsed) : {}
  const variables = new Set(Object.keys({ ...parsed?.envs, ...own, ...envs, ...secrets }))
  const request = {
    ...shownFields(rest, ''),
    ...(task !== undefined && { task: shown('task', withoutValues(task), redactTask) }),
    ...(envs && { envs: shownFields(envs, 'envs.') }),
  }
  return { request, secrets: Object.keys({ ...own, ...secrets }), masked: [...new Set(masked)] }

  function shown<T>(field: string, value: T, hide = redact): T {
    if (Array.isArray(value)) return value.map((one, i) => shown(`${field}.${i}`, one)) as T
    if (typeof value === 'object' && value !== null) return shownFields(value, `${field}.`)
    if (typeof value !== 'string' || field === 'node_id') return value
    const text = withReferences(value, hide(value), variables)
    if (text !== value || text === HIDDEN) masked.push(field)
    return text as T & string
  }

  function shownFields<T extends object>(fields: T, before: string): T {
    const all = Object.entries(fields).map(([name, value]) => [
      name,
      // A label may have any name.
      before === 'labels.' && saysSecret(name)
        ? hidden(before + name)
        : shown(before + name, value),
    ])
    return Object.fromEntries(all) as T
  }

  function hidden(field: string): string {
    masked.push(field)
    return HIDDEN
  }

  /** Redacts what follows the key `secrets` apart, or it would be taken for a secret of that name. */
  function redactTask(given: string): string {
    if (given === HIDDEN) return given
    const text = withoutEscaped(given, redact)
    const { secrets } = placesIn(text)
    return redact(text.slice(0, secrets)) + redact(text.slice(secrets))
  }
}

/** Redacts the values that are written with escapes, which would hide a secret. */
function withoutEscaped(task: string, redact: (text: string) => string): string {
  let shown = ''
  let done = 0
  for (const { value, from, to } of escapedIn(task)) {
    const redacted = redact(value)
    if (redacted === value) continue
    const end = task.slice(from, to).endsWith('\n') ? '\n' : ''
    shown += task.slice(done, from) + JSON.stringify(redacted) + end
    done = to
  }
  return shown + task.slice(done)
}

const HIDDEN = '***'

/** Puts `$HF_TOKEN` back where it was masked: it is a secret's name, not a secret. */
function withReferences(text: string, redacted: string, variables: ReadonlySet<string>): string {
  const [first = '', ...rest] = redacted.split(HIDDEN)
  let restored = first
  let at = first.length
  for (const [i, part] of rest.entries()) {
    const next = i === rest.length - 1 ? text.length - part.length : text.indexOf(part, at)
    const [hidden, name = ''] = REFERENCE.exec(text.slice(at, next)) ?? []
    const isName = hidden !== undefined && (variables.has(name) || saysSecret(name))
    restored += (isName ? hidden : HIDDEN) + part
    at = next + part.length
  }
  return restored
}

const REFERENCE = /^\$\{?([A-Z_][A-Z0-9_]*)\}?$/

/** A task whose secrets have no values, so that whoever launches it is asked for them. */
function withoutValues(task: string): string {
  const cuts = placesIn(task)
    .values.filter(({ field, name }) => field === 'secrets' || saysSecret(name))
    .map((cut) => [cut.from, cut] as const)
  const inOrder = [...new Map(cuts).values()].sort((a, b) => a.from - b.from)
  const text = inOrder.reduceRight(without, task)
  // A value elsewhere in the document, in an anchor that is merged, is not among the places above.
  const isLeft = Object.values(secretsIn(parseTask(text))).some((value) => value !== null)
  return isLeft ? HIDDEN : text
}

function without(text: string, { from, to }: ValuePlace): string {
  const end = text.slice(from, to).endsWith('\n') ? '\n' : ''
  return `${text.slice(0, from)}null${end}${text.slice(to)}`
}
