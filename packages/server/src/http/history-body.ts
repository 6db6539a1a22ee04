import type { AnswerOf, Operations } from '@launchtail/client/protocol'
import type { Json } from './operation.js'

type Logs = AnswerOf<Operations['getNodeLogs']>

/** In the specification's order. The texts are JSON already. */
export function historyBody(nodeId: string, logs: readonly string[]): Json<Logs> {
  return `{"node_id":${JSON.stringify(nodeId)},"count":${logs.length},"logs":[${logs.join(',')}]}` as Json<Logs>
}

/** The same, where the count is known only at the end. */
export async function* historyPieces(
  nodeId: string,
  pages: AsyncIterable<readonly string[]>,
): AsyncGenerator<string> {
  let count = 0
  yield `{"node_id":${JSON.stringify(nodeId)},"logs":[`
  for await (const logs of pages) {
    if (logs.length === 0) continue
    yield (count > 0 ? ',' : '') + logs.join(',')
    count += logs.length
  }
  yield `],"count":${count}}`
}
