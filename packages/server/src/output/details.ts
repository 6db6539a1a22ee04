import type { Place } from './envelopes/index.js'
import type { Peeled } from './peel.js'

/** What was read out of a line, as `key: value` lines in this order, each only where it is known. */
export function detailsOf(peeled: Peeled): string | undefined {
  const { logger, process, at, fields } = peeled
  const place = placeText(peeled.place)
  const name = logger ?? process
  if (!place && !name && !at && !fields?.size) return undefined
  const lines: string[] = []
  if (place) lines.push(`place: ${place}`)
  if (name) lines.push(`logger: ${name}`)
  if (at) lines.push(`said_at: ${at}`)
  if (fields) for (const [key, value] of fields) lines.push(`${key}: ${value}`)
  return lines.join('\n')
}

/** Such as `rank=1 node=worker1 pid=7`. */
function placeText({ rank, node, replica, container, pid }: Place): string {
  let text = ''
  if (rank !== undefined) text += ` rank=${rank}`
  if (node !== undefined) text += ` node=${node}`
  if (replica !== undefined) text += ` replica=${replica}`
  if (container !== undefined) text += ` container=${container}`
  if (pid !== undefined) text += ` pid=${pid}`
  return text.slice(1)
}

/** The place an entry's details name; undefined where they name none. */
export function placeIn(details: string | undefined): string | undefined {
  if (!details?.startsWith(PLACE)) return undefined
  const end = details.indexOf('\n')
  return details.slice(PLACE.length, end === -1 ? undefined : end)
}

const PLACE = 'place: '

/** The error that a structured line has as a field of its own. */
export function errorIn(details: string | undefined): string | undefined {
  return details?.includes('err') ? ERROR.exec(details)?.[1] : undefined
}

const ERROR = /^(?:error|err|error\.message|fields\.error): (.{1,2000})/m

/** Whether details tell what was read out of their entry's line. */
export function wasPeeled(details: string | undefined): boolean {
  return details !== undefined && READ_OUT.test(details)
}

const READ_OUT = /^(?:place|logger|said_at): /
