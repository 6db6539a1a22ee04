import type { LaunchPlan } from '@launchtail/client'
import { attemptsText, formatDuration, priceText } from '@launchtail/client/protocol'
import { oneLine } from './format/text.js'

/** What a launch of so many nodes would do, for a person. */
export function planText(
  { task, places, attempts, problems, history }: LaunchPlan,
  replicas = 1,
): string {
  const parts = [
    ...(problems.length > 0 ? [['It would be refused:', ...problems.map(problemLine)]] : []),
    ...(places.length > 0 ? [['It would be launched at:', ...placeLines(places)]] : []),
    ...(replicas > 1 ? [[groupLine(replicas, places)]] : []),
    ...(attempts ? [[attemptsText(attempts)]] : []),
    historyLines(history),
    ...(task === '' ? [] : [['The task:', ...indented(task)]]),
  ]
  return parts.map((lines) => lines.join('\n')).join('\n\n')
}

function problemLine({ field, message }: LaunchPlan['problems'][number]): string {
  return `  ${field}: ${oneLine(message)}`
}

function groupLine(replicas: number, [first]: LaunchPlan['places']): string {
  const price = first?.price_per_hour
  const together =
    price === undefined
      ? ''
      : `; all at the first place: ${priceText({ price_per_hour: replicas * price })}`
  return `${replicas} nodes of it would be launched${together}.`
}

function placeLines(places: LaunchPlan['places']): string[] {
  const rows = places.map(
    (place) => [oneLine(place.infra), oneLine(place.gpu) || '-', priceText(place)] as const,
  )
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows.map(
    ([infra, gpu, cost]) =>
      `  ${infra.padEnd(widths[0] ?? 0)}  ${gpu.padEnd(widths[1] ?? 0)}  ${cost}`,
  )
}

function historyLines(history: LaunchPlan['history']): string[] {
  const { launches, succeeded, active_p50_seconds: half, active_p90_seconds: most } = history
  if (launches === 0) return ['There was no launch like it so far.']
  const phases = history.phases.map(
    ({ phase, p50_seconds: p50, p90_seconds: p90 }) =>
      `  ${phase.padEnd(15)} ${span(p50)}, 90 % within ${span(p90)}`,
  )
  const causes = history.causes.map(({ code, count }) => `${code} (${count})`).join(', ')
  return [
    `${launches} launches like it have ended, and ${succeeded} of them succeeded.`,
    ...(half === undefined || most === undefined
      ? []
      : [`Half of these were active within ${span(half)}, 90 % within ${span(most)}.`]),
    ...phases,
    ...(causes === '' ? [] : [`The others failed: ${causes}.`]),
  ]
}

function indented(text: string): string[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => `  ${oneLine(line)}`.trimEnd())
}

function span(seconds: number): string {
  return formatDuration(seconds * 1000, { parts: 2, decimals: 0 })
}
