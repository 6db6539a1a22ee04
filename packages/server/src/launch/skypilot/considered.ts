import type { PlannedPlace } from '@launchtail/client/protocol'
import { cleanLine } from '../../output/clean.js'

/**
 * Reads the table of places that SkyPilot prints as it optimizes, the chosen one first. The columns have
 * had other names and places in other versions, so they are found by their heads.
 */
export function consideredIn(text: string): PlannedPlace[] {
  const rows = rowsIn(text.split('\n').map((line) => cleanLine(line).text))
  return [...rows.filter(isChosen), ...rows.filter((row) => !isChosen(row))].map(placeOf)
}

/**
 * Returns a function that is given the lines a launch prints, and returns the place at each line that says
 * which one was chosen. SkyPilot prints the table anew when it goes on elsewhere.
 */
export function chosenPlaces(): (line: string) => PlannedPlace | undefined {
  let columns: Columns | undefined
  return (raw) => {
    const line = cleanLine(raw).text
    if (HEAD.test(line)) columns = columnsOf(line)
    const row = columns && rowOf(columns, line)
    if (!row || !isChosen(row)) return undefined
    columns = undefined
    return placeOf(row)
  }
}

type Row = ReadonlyMap<string, string>
type Columns = readonly { readonly name: string; readonly at: number }[]

/** The rows of the last table. */
function rowsIn(lines: readonly string[]): Row[] {
  const at = lines.findLastIndex((line) => HEAD.test(line))
  if (at === -1) return []
  const columns = columnsOf(lines[at] ?? '')
  const below = lines.slice(at + 1)
  // A rule is below the head, and another one ends the table.
  const first = below.findIndex((line) => RULE.test(line)) + 1
  const length = below.slice(first).findIndex((line) => RULE.test(line) || line === '')
  return below
    .slice(first, length === -1 ? undefined : first + length)
    .map((line) => rowOf(columns, line))
}

function columnsOf(head: string): Columns {
  return [...head.matchAll(/\S+(?: \S+)*/g)].map(({ 0: name, index }) => ({ name, at: index }))
}

function rowOf(columns: Columns, line: string): Row {
  return new Map(
    columns.map(({ name, at }, i) => [name, line.slice(at, columns[i + 1]?.at).trim()]),
  )
}

function isChosen(row: Row): boolean {
  return row.get('CHOSEN') === '✔'
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
