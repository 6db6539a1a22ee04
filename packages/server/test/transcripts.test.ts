import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { isTerminal, phaseOrder, plain } from '@launchtail/client/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { LogEntry } from '../../client/src/protocol/entry.js'
import { endAll, type RunningServer, startServer } from './support/processes.js'
import { transcriptFiles, transcripts } from './support/transcripts.js'

/** Genuine output of SkyPilot, vLLM and the tools under them, sent in as a program would. */
describe.skipIf(!transcripts)(
  'genuine launch logs (LAUNCHTAIL_TRANSCRIPTS names their folders)',
  async () => {
    const paths = transcriptFiles()
    let server: RunningServer
    beforeAll(async () => {
      server = await startServer()
    })
    afterAll(endAll)

    it('are there', () => expect(paths.length).toBeGreaterThan(0))

    for (const path of paths) {
      const name = basename(path)
      it(`${name} comes out whole, in order, its phases never going back`, async () => {
        const bytes = await readFile(path)
        const node = `t-${name}`
        await server.post('/admin/nodes', { node_id: node })
        const answer = await server.post(`/admin/nodes/${node}/logs`, bytes.toString(), {
          'Content-Type': 'text/plain',
        })
        const lines = bytes.toString().replace(/\n$/, '').split('\n')
        const response = await server.fetch(`/admin/nodes/${node}/logs?tail=all`)
        const { logs } = (await response.json()) as { logs: LogEntry[] }
        expect(await answer.json()).toMatchObject({ accepted: logs.length })
        let next = 0
        for (const raw of lines) {
          const line = shown(raw)
          if (logs[next] && isOf(line, logs[next] as LogEntry)) next += 1
          else if (!isInDetails(line, logs[next - 1])) {
            expect(line, `is lost before ${logs[next]?.message}`).toMatch(NOTHING)
          }
        }
        expect(next).toBe(logs.length)
        const order = logs.map(({ phase }) => phaseOrder(phase))
        expect(order).toEqual([...order].sort((a, b) => a - b))
        expect(logs.filter(({ phase }) => isTerminal(phase))).toEqual([])
        const progress = logs.flatMap((entry) => entry.progress ?? [])
        expect(progress).toEqual([...progress].sort((a, b) => a - b))
      })
    }
  },
)

/** No words, or only the name of who would have said some. */
const NOTHING = /^(?:\([^()]*\bpid=\d+[^()]*\)|\S+ +\||#\d+(?: \d+\.\d+)?|\d{4}-\d\d-\d\d\S*)?$/

/** What stands on a terminal when the line has ended. */
function shown(raw: string): string {
  return plain(raw.trimEnd().split('\r').at(-1) ?? '').trim()
}

/** What is taken off is the front of a line: envelopes, levels and times; of JSON all but the words. */
function isOf(line: string, { message, details }: LogEntry): boolean {
  // A head without words is an entry, and so is an empty line of a block.
  if (message === '' && line === '') return details === undefined
  if (message === '') return NOTHING.test(line) || /[\]:]$/.test(line)
  return message.includes('***') || squeezed(line).includes(squeezed(message))
}

/** Several lines may make one entry, all of them except its headline in its details. */
function isInDetails(line: string, entry: LogEntry | undefined): boolean {
  const parts = (entry?.details ?? '').split('\n').map(squeezed)
  return parts.some((part) => part !== '' && squeezed(line).endsWith(part))
}

function squeezed(text: string): string {
  return text.replace(/\\[nrt]|[\s\\]/g, '')
}
