import { stringify } from 'yaml'
import { withoutSecrets } from './asked.js'
import { type Fields, isRecord } from './task-fields.js'

/** The parts of a task that is to be shown. */
export interface PlannedTask {
  readonly fields: Fields
  readonly envs: Readonly<Record<string, string | null>>
  readonly secrets: Readonly<Record<string, string | null>>
}

/** A task as YAML for people. Secrets, and `hidden` values wherever they are, become `***`. */
export function shownTask(
  { fields, envs, secrets }: PlannedTask,
  hidden: readonly string[],
): string {
  const given = Object.fromEntries(Object.keys(secrets).map((name) => [name, '***']))
  const task = { ...fields, ...(Object.keys(envs).length > 0 && { envs }) }
  const texts = new Set<string>()
  withTexts(task, (text) => {
    texts.add(text)
    return text
  })
  // Each text alone: a `***` in the YAML itself would be an alias of that name.
  const variables = Object.fromEntries([...texts].map((text, i) => [`TEXT_${i}`, text]))
  const { request } = withoutSecrets({ ...NOWHERE, envs: variables, secrets: given }, hidden)
  const shown = Object.values(request.envs ?? {})
  const shownBy = new Map([...texts].map((text, i) => [text, shown[i] ?? '']))
  const masked = withTexts(task, (text) => shownBy.get(text) ?? '') as Fields
  const whole = { ...masked, ...(Object.keys(given).length > 0 && { secrets: given }) }
  return stringify(whole, { version: '1.1', lineWidth: 0, singleQuote: true })
}

const NOWHERE = { provider: '', region: '', gpu: '' }

/** The value with all its texts replaced. */
function withTexts(value: unknown, textFor: (text: string) => string): unknown {
  if (typeof value === 'string') return textFor(value)
  if (Array.isArray(value)) return value.map((one) => withTexts(one, textFor))
  if (!isRecord(value)) return value
  const entries = Object.entries(value).map(([name, one]) => [name, withTexts(one, textFor)])
  return Object.fromEntries(entries)
}
