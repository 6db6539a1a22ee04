import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { createClient } from '@launchtail/client'
import {
  USUAL_WEBHOOK_EVENTS,
  WEBHOOK_EVENT_NAMES,
  WEBHOOK_FORMATS,
} from '@launchtail/client/protocol'
import { build } from 'esbuild'
import { beforeAll, expect, test } from 'vitest'
import { PAUSES } from '../src/notify/schedule.js'
import { startServer, temporaryFolder } from './support/processes.js'
import { NOTHING, startReceiver } from './support/receiver.js'

const run = promisify(execFile)

let page: string

beforeAll(async () => {
  page = await readFile(new URL('../../../docs/webhooks.md', import.meta.url), 'utf8')
})

/** The only block of the page in a language. */
function block(language: string): string {
  const found = [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))]
  expect([language, found.length]).toEqual([language, 1])
  return found[0]?.[1] ?? ''
}

test('its examples verify what is sent, and nothing else', async () => {
  const server = await startServer()
  const receiver = await startReceiver()
  const client = createClient({ baseUrl: server.url, token: server.token })
  const { webhook_id, secret = '' } = await client.createWebhook({ url: receiver.url })
  await client.testWebhook(webhook_id)
  const [{ headers, body } = NOTHING] = receiver.received
  const folder = await temporaryFolder()

  await build({
    ...{ stdin: { contents: block('ts'), loader: 'ts' }, format: 'esm', platform: 'node' },
    outfile: join(folder, 'verify.mjs'),
  })
  const { verify } = await import(pathToFileURL(join(folder, 'verify.mjs')).href)
  const late = { ...headers, 'webhook-timestamp': '1700000000' }
  expect([
    verify(secret, headers, body),
    verify(secret, headers, `${body} `),
    verify(secret, late, body),
  ]).toEqual([true, false, false])

  const python = `${block('python')}
import json, sys
print(verify(sys.argv[1], json.loads(sys.argv[2]), sys.argv[3].encode()))`
  const byPython = async (text: string, given: object) => {
    const { stdout } = await run('python3', ['-c', python, secret, JSON.stringify(given), text])
    return stdout.trim()
  }
  expect([
    await byPython(body, headers),
    await byPython(`${body} `, headers),
    await byPython(body, late),
  ]).toEqual(['True', 'False', 'False'])

  const byShell = async (text: string) => {
    await writeFile(join(folder, 'body'), text)
    const env = {
      ...{ PATH: process.env.PATH, SECRET: secret },
      WEBHOOK_ID: String(headers['webhook-id']),
      WEBHOOK_TIMESTAMP: String(headers['webhook-timestamp']),
      WEBHOOK_SIGNATURE: String(headers['webhook-signature']),
    }
    return run('bash', ['-c', block('bash')], { cwd: folder, env }).then(
      ({ stdout }) => stdout.trim(),
      ({ stdout }) => stdout.trim(),
    )
  }
  expect([await byShell(body), await byShell(`${body} `)]).toEqual(['verified', 'forged'])
})

test('its request with curl creates a webhook', async () => {
  const server = await startServer()
  const receiver = await startReceiver()
  const [, curl = ''] = /^```sh\n(curl [\s\S]*?)^```$/m.exec(page) ?? []
  const script = curl.replace('https://hooks.example.com/launches', receiver.url)
  const env = { PATH: process.env.PATH, TOKEN: server.token, LAUNCHTAIL_URL: server.url }
  const { stdout } = await run('bash', ['-c', script.replace('curl ', 'curl -s ')], { env })
  expect(JSON.parse(stdout)).toMatchObject({ events: ['launch.failed'], enabled: true })
})

test('it names every event, format and pause, and which events are usual', () => {
  const rows = [...page.matchAll(/^\| `((?:launch|entry|fleet|webhook)\.\w+)`( \*)? \|/gm)]
  expect(rows.map(([, name]) => name).sort()).toEqual(
    [...WEBHOOK_EVENT_NAMES, 'webhook.test'].sort(),
  )
  const usual = rows.filter(([, , star]) => star).map(([, name]) => name)
  expect(usual.sort()).toEqual([...USUAL_WEBHOOK_EVENTS].sort())
  for (const format of WEBHOOK_FORMATS) expect(page).toContain(`| \`${format}\` |`)
  const units = { s: 1000, min: 60_000, h: 3_600_000 }
  const [, pauses = ''] = /after pauses of ([\s\S]*?), each/.exec(page) ?? []
  const read = [...pauses.matchAll(/(\d+)\s+(s|min|h)\b/g)].map(
    ([, n, unit]) => Number(n) * units[unit as keyof typeof units],
  )
  expect(read).toEqual(PAUSES)
})
