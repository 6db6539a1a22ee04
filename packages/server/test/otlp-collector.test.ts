import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, describe, expect, it } from 'vitest'
import { freePort } from '../src/launch/local/port.js'
import { newNode } from './support/nodes.js'
import {
  atEnd,
  end,
  endAll,
  startServer,
  TOKEN,
  temporaryFolder,
  until,
} from './support/processes.js'

/** Where `scripts/build-collector.sh` puts it. */
const CACHE = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache')
const COLLECTOR = join(CACHE, 'launchtail-collector/collector')
const integrations = new URL('../../../integrations/otlp/', import.meta.url)

afterAll(endAll)

/** Starts the Collector; what it has said so far. */
async function startCollector(config: string, env: Record<string, string> = {}) {
  const folder = await temporaryFolder()
  const file = join(folder, 'config.yaml')
  await writeFile(file, config)
  const child: ChildProcess = spawn(COLLECTOR, ['--config', `file:${file}`], { env })
  atEnd(() => end(child))
  let output = ''
  for (const out of [child.stdout, child.stderr]) {
    out?.on('data', (chunk) => {
      output += chunk
    })
  }
  await until('the Collector to be ready', () => {
    if (child.exitCode !== null) throw new Error(`it left: ${output}`)
    return output.includes('Everything is ready')
  })
  return { output: () => output }
}

const QUIET = '\n  telemetry: { metrics: { level: none } }\n'

describe.skipIf(!existsSync(COLLECTOR))(
  'an OpenTelemetry Collector (skipped where scripts/build-collector.sh was not run)',
  () => {
    it('sends the lines of a file to their node, by the configuration in integrations', async () => {
      const server = await startServer()
      const id = await newNode(server)
      const logs = join(await temporaryFolder(), 'launch')
      await mkdir(logs)
      await writeFile(
        join(logs, 'vllm.log'),
        'Waiting for a machine\n(EngineCore_0 pid=77) INFO 11-14 22:13:20 [loader.py:1] Loading weights took 3.2 seconds\n',
      )
      const config = await readFile(new URL('collector.yaml', integrations), 'utf8')
      await startCollector(config.replace('/var/log/launch', logs) + QUIET, {
        NODE_ID: id,
        LAUNCHTAIL_URL: server.url,
        LAUNCHTAIL_ADMIN_TOKEN: TOKEN,
      })
      const entries = await until('both lines', async () => {
        const answer = await server.fetch(`/admin/nodes/${id}/logs`)
        const { logs: found } = (await answer.json()) as { logs: Record<string, string>[] }
        return found.length === 2 && found
      })
      expect(entries[0]).toMatchObject({
        message: 'Waiting for a machine',
        level: 'info',
        details: expect.stringMatching(/^scope=\S+filelogreceiver\nlog\.file\.name=vllm\.log$/),
      })
      expect(entries[1]).toMatchObject({ message: 'Loading weights took 3.2 seconds' })
      for (const { timestamp } of entries) expect(timestamp).toMatch(/\.\d{9}Z$/)
    })

    it.each(['http/protobuf', 'http/json'])(
      'takes entries and launches in %s',
      async (protocol) => {
        const port = await freePort()
        const collector = await startCollector(`
receivers:
  otlp: { protocols: { http: { endpoint: '127.0.0.1:${port}' } } }
exporters:
  debug: { verbosity: detailed }
service:
  pipelines:
    logs: { receivers: [otlp], exporters: [debug] }
    traces: { receivers: [otlp], exporters: [debug] }${QUIET}`)
        const server = await startServer({
          env: {
            LAUNCHTAIL_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
            OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
          },
        })
        const id = await newNode(server)
        // A launch that ended before the server's first look is not sent, so there is another one each time.
        let minute = 10
        await until('a line and a trace', async () => {
          const timestamp = `2024-01-15T10:${minute}:00.123456789Z`
          minute = Math.min(59, minute + 1)
          await server.post(`/admin/nodes/${id}/logs`, [
            { message: 'Waiting', phase: 'queued', timestamp },
            { message: 'it broke', phase: 'failed', level: 'error', progress: 12.5 },
          ])
          await server.fetch(`/admin/nodes/${id}`)
          // Each round takes as long as the server's pause between two looks.
          await sleep(500)
          return collector.output().includes('it broke') && collector.output().includes('Span #1')
        })
        const said = collector.output()
        expect(said).toContain('Body: Str(Waiting)')
        expect(said).toMatch(/\nTimestamp: 2024-01-15 10:\d\d:00\.123456789 \+0000 UTC\n/)
        expect(said).toContain('SeverityNumber: Error(17)')
        expect(said).toContain('-> launchtail.phase: Str(failed)')
        expect(said).toContain('-> launchtail.progress: Double(12.5)')
        expect(said).toContain(`-> service.instance.id: Str(${id})`)
        expect(said).toMatch(/Name {11}: launch\n/)
        expect(said).toMatch(/Status code {4}: Error/)
      },
    )
  },
)
