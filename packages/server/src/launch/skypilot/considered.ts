import type { PlannedPlace } from '@launchtail/client/protocol'
import { cleanLine } from '../../output/clean.js'

/**
 * Reads the table of places that SkyPilot prints as it optimizes, the chosen one first. The columns have
 * had other names and places in other versions, so they are found by their heads.
 */
export function consideredIn(text: string): PlannedPlace[] {
  const rows = rowsIn(text.split('\n').map((line) => cleanLine(line).text))
  const chosen = rows.filter((row) => row.get('CHOSEN'))
  return [...chosen, ...rows.filter((row) => !row.get('CHOSEN'))].map(placeOf)
}

type Row = ReadonlyMap<string, string>

/** The rows of the last table. */
function rowsIn(lines: readonly string[]): Row[] {
  const at = lines.findLastIndex((line) => HEAD.test(line))
  if (at === -1) return []
  const columns = [...(lines[at] ?? '').matchAll(/\S+(?: \S+)*/g)]
  const below = lines.slice(at + 1)
  // A rule is below the head, and another one ends the table.
  const first = below.findIndex((line) => RULE.test(line)) + 1
  const length = below.slice(first).findIndex((line) => RULE.test(line) || line === '')
  return below
    .slice(first, length === -1 ? undefined : first + length)
    .map(
      (line) =>
        new Map(
          columns.map(({ 0: name, index }, i) => [
            name,
            line.slice(index, columns[i + 1]?.index).trim(),
          ]),
        ),
    )
}

const HEAD = /^ *(?:INFRA|CLOUD) .*\bCOST \(\$\)/
const RULE = /^-{10,}$/

function placeOf(row: Row): PlannedPlace {
  const gpu = row.get('GPUS') ?? row.get('ACCELERATORS') ?? '-'
  const spot = row.get('INSTANCE')?.endsWith('[Spot]') ? ' spot' : ''
  // Where nobody has said what a machine costs, SkyPilot says that it costs nothing.
  const price = Number(row.get('COST ($)'))
  return {
    infra: row.get('INFRA') ?? `${row.get('CLOUD')} (${row.get('REGION/ZONE')})`,
    gpu: `${gpu === '-' ? '' : gpu}${spot}`.trim(),
    ...(price > 0 && { price_per_hour: price }),
  }
}
