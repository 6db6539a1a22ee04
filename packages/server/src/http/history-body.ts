import type { AnswerOf, Operations } from '@launchtail/client/protocol'
import type { PagedText } from './answer-pages.js'
import type { Json } from './operation.js'

type Logs = AnswerOf<Operations['getNodeLogs']>

/** In the specification's order. The texts are JSON already. */
export function historyBody(nodeId: string, logs: readonly string[]): Json<Logs> {
  return `{"node_id":${JSON.stringify(nodeId)},"count":${logs.length},"logs":[${logs.join(',')}]}` as Json<Logs>
}

/** The same, where the count is known only at the end. */
export function historyText(nodeId: string): PagedText<readonly string[]> {
  let count = 0
  return {
    head: `{"node_id":${JSON.stringify(nodeId)},"logs":[`,
    body(logs) {
      if (logs.length === 0) return ''
      const text = (count > 0 ? ',' : '') + logs.join(',')
      count += logs.length
      return text
    },
    tail: () => `],"count":${count}}`,
  }
}
