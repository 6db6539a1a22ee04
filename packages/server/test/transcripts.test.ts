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
        expect(await answer.json()).toMatchObject({ accepted: lines.length })
        const response = await server.fetch(`/admin/nodes/${node}/logs?tail=all`)
        const { logs } = (await response.json()) as { logs: LogEntry[] }
        expect(logs).toHaveLength(lines.length)
        logs.forEach(({ message, details = '' }, i) => {
          // What is taken off is the front of a line: prefixes, levels and times.
          const shown = lines[i]?.trimEnd().split('\r').at(-1) ?? ''
          const line = plain(shown).trimEnd()
          const whole = line.endsWith(message) || `${line} ${details}`.includes(message)
          expect(whole || message.includes('***'), `${line}\nbecame\n${message}`).toBe(true)
        })
        const order = logs.map(({ phase }) => phaseOrder(phase))
        expect(order).toEqual([...order].sort((a, b) => a - b))
        expect(logs.filter(({ phase }) => isTerminal(phase))).toEqual([])
        const progress = logs.flatMap((entry) => entry.progress ?? [])
        expect(progress).toEqual([...progress].sort((a, b) => a - b))
      })
    }
  },
)
