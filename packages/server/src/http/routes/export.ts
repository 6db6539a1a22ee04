import { operations } from '@launchtail/client/protocol'
import type { FastifyInstance } from 'fastify'
import { onceClosed } from '../../async/once-closed.js'
import { pulled } from '../../async/pulled.js'
import { HttpError } from '../../errors.js'
import type { Archive } from '../../find/archive/archive.js'
import { excelWarning } from '../../find/export/excel.js'
import { EXPORTS } from '../../find/export/formats.js'
import type { Registry } from '../../nodes/registry.js'
import { entriesOf } from '../entries-of.js'
import type { Limits } from '../limits/limits.js'
import { type Call, mount } from '../operation.js'
import { partOf } from '../part-of.js'
import { exportHeaders, resumptionIn, type SentExport, sendExport } from '../send-export.js'

export interface ExportOptions {
  archive: Pick<Archive, 'export'>
  registry: Pick<Registry, 'find' | 'launches'>
  /** Each has its turn in the archive's thread, and a piece of it in memory. */
  maxExports: number
  limits: Pick<Limits, 'searches'>
}

type ExportCall = Pick<
  Call<typeof operations.exportLogs>,
  'query' | 'find' | 'header' | 'request' | 'reply'
>

/** `GET /admin/logs/export`, and its HEAD: the logs of all nodes as a file. */
export function mountExport(
  app: FastifyInstance,
  { archive, registry, maxExports, limits }: ExportOptions,
): void {
  const operation = operations.exportLogs
  let underWay = 0
  mount(app, operation, async (call) => {
    const { exported, sent } = await begin(call)
    return sendExport(call, pulled(exported.read), sent)
  })
  mount(app, { ...operation, method: 'HEAD' } as const, async (call) => {
    const { sent } = await begin(call)
    return call.reply.headers(exportHeaders(sent)).send()
  })

  /** The export ends with its answer, or when its reader leaves. */
  async function begin({ query, find, header, request, reply }: ExportCall) {
    const resumption = resumptionIn(header, query)
    limits.searches.check(request.principal)
    limits.searches.spend(request.principal)
    if (underWay >= maxExports) throw tooMany()
    underWay += 1
    onceClosed(reply.raw, () => {
      underWay -= 1
    })
    const part = await partOf(registry, query)
    const { order, cursor, format, raw, bom, trailer, gzip } = query
    const layout = { nodeId: undefined, raw, bom, trailer }
    // A time that the `Date` of the answer can tell.
    const now = query.now ?? Math.floor(Date.now() / 1000) * 1000
    const question = { ...entriesOf(query), part, now, order, cursor, format, layout }
    const exported = await archive.export(question, find)
    onceClosed(reply.raw, exported.close)
    const sent: SentExport = {
      format: EXPORTS[format],
      layout,
      gzip,
      name: `launchtail-${new Date(now).toISOString().slice(0, 10)}`,
      isComplete: exported.isComplete,
      resumption,
      headers: {
        Date: new Date(now).toUTCString(),
        'Log-Cursor': exported.cursor,
        'Log-Complete': exported.isComplete ? undefined : 'false',
        'Log-Warning': excelWarning(format, exported.count),
        'Query-Hint': find?.hints[0],
      },
    }
    return { exported, sent }
  }
}

function tooMany(): HttpError {
  return new HttpError(429, 'too many exports at a time', { headers: { 'Retry-After': '5' } })
}
