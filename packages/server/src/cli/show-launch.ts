import type { Client, HistoryOptions } from '@launchtail/client'
import { parseCursor } from '@launchtail/client/protocol'
import type { Output } from './follow.js'
import { lineNumber } from './format/failure.js'
import { formatterFor } from './format/formatter.js'

export interface ShowLaunchOptions extends HistoryOptions {
  output: Output
  tz: string
  /** Shows the number of each line. */
  numbers?: boolean | undefined
}

/** Shows what there is of one launch of a node. */
export async function showLaunch(
  client: Client,
  nodeId: string,
  { output, tz, numbers = false, ...asked }: ShowLaunchOptions,
): Promise<void> {
  const out = process.stdout
  const format = formatterFor(out, tz)
  const { logs, first } = await client.getNodeLogs(nodeId, asked)
  const begin = parseCursor(first)?.index ?? 0
  for (const [i, entry] of logs.entries()) {
    if (output === 'json') out.write(`${JSON.stringify({ ...entry, node_id: nodeId })}\n`)
    else if (output === 'raw') out.write(`${format.message(entry.message)}\n`)
    else {
      const number = numbers ? String(lineNumber(begin + i)).padStart(6) : ''
      out.write(`${format.entry(entry, number && `${format.dim(number)} `)}\n`)
    }
  }
}
