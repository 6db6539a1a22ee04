import type { LaunchSummary } from '../protocol/node-launches.js'

export interface Difference {
  readonly field: string
  readonly left: string
  readonly right: string
}

/** The fields in which two launches differ. What one of them lacks is empty. */
export function differencesOf(left: LaunchSummary, right: LaunchSummary): Difference[] {
  const [ofLeft, ofRight] = [fieldsOf(left), fieldsOf(right)]
  const names = new Set([...ofLeft.keys(), ...ofRight.keys()])
  return [...names].flatMap((field) => {
    const [one, other] = [ofLeft.get(field) ?? '', ofRight.get(field) ?? '']
    return one === other ? [] : [{ field, ...onlyDifferent(one, other) }]
  })
}

/** A launch that is read out of a log has no request. Then nothing is said of its further fields. */
function fieldsOf({ request, ...launch }: LaunchSummary): Map<string, string> {
  const { provider, region, gpu, model, use_spot, code } = launch
  const { node_id: _, ...asked } = request ?? {}
  return new Map([
    ...flat({ provider, region, gpu, model, use_spot }),
    ...flat(asked),
    ...flat({ 'failed because': code }),
  ])
}

function flat(fields: object, prefix = ''): [string, string][] {
  return Object.entries(fields).flatMap(([name, value]): [string, string][] => {
    if (value === undefined || value === null) return []
    if (typeof value === 'object') return flat(value, `${prefix}${name}.`)
    return [[prefix + name, String(value)]]
  })
}

/** Of long texts such as tasks, the lines that the other does not have. */
function onlyDifferent(left: string, right: string): Omit<Difference, 'field'> {
  if (!left.includes('\n') || !right.includes('\n')) return { left, right }
  return { left: withoutLines(left, right), right: withoutLines(right, left) }
}

function withoutLines(text: string, others: string): string {
  const known = new Set(others.split('\n'))
  return text
    .split('\n')
    .filter((line) => !known.has(line))
    .join('\n')
}
