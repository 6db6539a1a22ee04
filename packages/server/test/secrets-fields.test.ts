/** Secrets in every field of what other programs store, and of what describes a node. */
import { afterAll, describe, expect, test } from 'vitest'
import { createNodeSecrets } from '../src/output/node-secrets.js'
import { createSecrecy } from '../src/output/secrecy.js'
import { contentOf } from './support/launching.js'
import { endAll, redisCli, startRedis, startServer, until } from './support/processes.js'
import { KNOWN, random } from './support/secrets.js'

afterAll(endAll)

const TOKEN = KNOWN['a Hugging Face token'] as string
const VALUE = `value-${random(14)}`
const ABOUT = { timestamp: '2026-01-02T03:04:05Z', level: 'info', phase: 'installing' } as const
const ROW = `${random(60)}9abc`

describe('what another program stores in a launch’s list', () => {
  test('is masked on every way out, also when the launch is over', async () => {
    const redis = await startRedis()
    const server = await startServer({ env: { REDIS_URL: redis.url } })
    const task = 'run: while [ ! -e stop ]; do sleep 0.05; done; exit 3'
    const launch = { node_id: 'n', provider: 'local', task, secrets: { A_SECRET: VALUE } }
    expect((await server.post('/admin/nodes/launch', launch)).status).toBe(202)
    const told = async () => {
      const paths = [
        '',
        '/logs?tail=all',
        '/logs?tail=all&level=info',
        '/logs/stream?tail=all&follow=false',
      ]
      const formats = ['json', 'ndjson', 'csv', 'text'].map(
        (format) => `/logs/export?format=${format}`,
      )
      const answers = [...paths, ...formats].map(async (path) => {
        const answer = await server.fetch(`/admin/nodes/n${path}`)
        return [path, answer.status, await answer.text()] as const
      })
      return Promise.all(answers)
    }
    const push = (message: string, details: string) =>
      redisCli(redis.port, ['RPUSH', 'node_logs:n', JSON.stringify({ ...ABOUT, message, details })])
    await until('it to run', async () => (await told())[0]?.[2].includes('Run started'))
    await push(`the end of ${VALUE}`, `and of\n${VALUE}`)
    await push(ROW, ROW)
    await until('the record to tell of it', async () => (await told())[0]?.[2].includes('***'))
    const isHidden = async () => {
      for (const [path, status, text] of await told()) {
        expect([path, status]).toEqual([path, 200])
        for (const secret of [VALUE, ROW])
          expect([path, text.includes(secret)]).toEqual([path, false])
        if (path !== '') expect(text).toContain('the end of ***')
      }
    }
    await isHidden()
    await server.post('/admin/nodes/n/terminate', {})
    await until('it to be over', async () =>
      /"status":"(failed|terminated)"/.test((await told())[0]?.[2] ?? ''),
    )
    await isHidden()
    await server.stop()
    expect(contentOf(server.dataDir)).not.toContain(VALUE)
  })
})

test('a private key is masked that comes as one entry a line', () => {
  const { redact } = createSecrecy([], () => [])
  const key = ['-----BEGIN PRIVATE KEY-----', ROW, 'Zm9v/w==', '-----END PRIVATE KEY-----']
  for (const of of [
    (row: string) => row,
    (row: string) => `"${row}",`,
    (row: string) => `${row}\r`,
  ]) {
    const masked = key.map((row) => redact('n', of(row))).join('\n')
    for (const row of [ROW, 'Zm9v/w==']) expect(masked).not.toContain(row)
    expect(redact('n', 'Zm9v/w==')).toBe('Zm9v/w==')
    expect(redact('other', 'Zm9v/w==')).toBe('Zm9v/w==')
  }
})

test('the secrets of a launch are remembered when it is over, within bounds', () => {
  const secrets = createNodeSecrets()
  secrets.hold('n', [VALUE])
  secrets.release('n')
  expect(secrets.of('n')).toEqual([VALUE])
  secrets.hold('n', ['another'])
  expect(secrets.of('n')).toEqual(['another', VALUE])
  secrets.release('n')
  secrets.hold('running', ['runs'])
  for (let n = 0; n < 30; n += 1) {
    secrets.hold(`long-${n}`, ['x'.repeat(64 * 1024)])
    secrets.release(`long-${n}`)
  }
  expect(secrets.of('n')).toEqual([])
  expect(secrets.of('running')).toEqual(['runs'])
  expect(secrets.of('long-29')).toHaveLength(1)
})

describe('a node’s description', () => {
  test('shows no secret in any field of a node that is created', async () => {
    const server = await startServer()
    const about = { name: TOKEN, provider: TOKEN, region: TOKEN, gpu: TOKEN, model: `m/${TOKEN}` }
    const labels = { [TOKEN]: 'a', password: 'hunter2', team: 'b', x: TOKEN }
    await server.post('/admin/nodes', { node_id: 'n', ...about, labels })
    const record = await (await server.fetch('/admin/nodes/n')).json()
    expect(record).toMatchObject({
      ...{ name: '***', provider: '***', region: '***', gpu: '***', model: 'm/***' },
      labels: { '***': 'a', password: '***', team: 'b', x: '***' },
    })
    await server.stop()
    expect(contentOf(server.dataDir)).not.toContain(TOKEN)
  })

  test('shows no secret in any field of a node that is launched, nor in its cluster’s name', async () => {
    const server = await startServer()
    const answer = await server.post('/admin/nodes/launch', {
      ...{ node_id: 'n', provider: 'local', region: VALUE, gpu: TOKEN, model: `m/${VALUE}` },
      ...{ task: 'run: exit 3', secrets: { A_SECRET: VALUE } },
    })
    expect(answer.status).toBe(202)
    const answers = [await answer.text()]
    for (const path of ['/admin/nodes/n', '/admin/nodes/n/launch', '/admin/nodes']) {
      answers.push(await (await server.fetch(path)).text())
    }
    await until('it to be over', async () =>
      (await (await server.fetch('/admin/nodes/n')).text()).includes('"failed"'),
    )
    await server.stop()
    const all = [...answers, contentOf(server.dataDir)].join('\n').toLowerCase()
    for (const secret of [VALUE, TOKEN, VALUE.replace('-', ''), TOKEN.replace('_', '')]) {
      expect(all.includes(secret.toLowerCase())).toBe(false)
    }
  })
})
