import type { LogsEvent, LogsOptions } from '@launchtail/client'
import { EXIT } from './exit.js'
import { brokenLine, type Output } from './follow.js'
import { type Formatter, formatterFor } from './format/formatter.js'
import type { Screen } from './screen.js'

export interface FollowAllOptions extends LogsOptions {
  output: Output
  tz: string
  quiet?: boolean | undefined
}

/** Shows the logs of many launches as they come, each node in a colour of its own. Returns the exit code. */
export async function followAll(
  eventsOf: (options: LogsOptions) => AsyncIterable<LogsEvent>,
  { output, tz, quiet = false, ...options }: FollowAllOptions,
): Promise<number> {
  const out = process.stdout
  const format = formatterFor(out, tz)
  // Loaded here: it measures the width of texts, for which other commands would wait 20 ms.
  const { createScreen } = await import('./screen.js')
  const screen = createScreen({ out, hasProgress: false })
  const note = quiet ? () => {} : screen.note
  const labels = createLabels(format)
  const shown = { output, format, screen, note, labelOf: labels.of }
  try {
    const events = eventsOf({
      ...options,
      onState(state) {
        if (state.state === 'waiting' && state.error) note(brokenLine(state))
      },
    })
    for await (const event of events) show(event, shown)
    return EXIT.active
  } finally {
    screen.end()
  }
}

interface ShowOptions {
  output: Output
  format: Formatter
  screen: Screen
  note: (text: string) => void
  labelOf: (nodeId: string) => string
}

function show(event: LogsEvent, { output, format, screen, note, labelOf }: ShowOptions): void {
  if (output === 'json') {
    const { event: name, id, data } = event
    screen.line(JSON.stringify({ event: name, id, data }))
    return
  }
  if (output === 'none') return
  switch (event.event) {
    case 'log':
      if (output === 'raw') screen.line(format.message(event.data.message))
      else screen.line(format.entry(event.data, labelOf(event.data.node_id)))
      return
    case 'done':
      if (output === 'pretty') {
        screen.line(format.end(event.data, undefined, labelOf(event.data.node_id)))
      }
      return
    case 'gap': {
      const { node_id: nodeId, missed, reason } = event.data
      const of =
        nodeId === undefined ? 'the stream begins anew' : `${nodeId}: ${missed} are missing`
      note(`${of} (${reason})`)
      return
    }
    case 'error':
      // An error with an id belongs to a log entry, which was shown.
      if (!event.id) note([event.data.error, event.data.details].filter(Boolean).join(': '))
  }
}

/** Characters of an id in a label: a UUID's first part. */
const SHORT = 8

/** A node keeps its label: the beginning of its id or, where another has the same, all of it. */
function createLabels(format: Formatter) {
  const byNode = new Map<string, { readonly text: string; readonly number: number }>()
  const texts = new Set<string>()
  let width = SHORT
  return { of }

  function of(nodeId: string): string {
    let label = byNode.get(nodeId)
    if (!label) {
      const isUuid = /^[0-9a-f]{8}-/.test(nodeId)
      const short = isUuid ? nodeId.slice(0, SHORT) : nodeId
      label = { text: texts.has(short) ? nodeId : short, number: byNode.size }
      byNode.set(nodeId, label)
      texts.add(label.text)
      width = Math.max(width, label.text.length)
    }
    return `${format.label(label.text.padEnd(width), label.number)} `
  }
}
