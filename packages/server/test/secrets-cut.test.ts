/** A secret that is cut in two by the end of a body is in neither part. */
import { afterAll, expect, test } from 'vitest'
import { bodyRedactor } from '../src/ingest/cut-line.js'
import { createRedactor } from '../src/output/redact/index.js'
import { endAll, startServer } from './support/processes.js'
import { KNOWN, random } from './support/secrets.js'

afterAll(endAll)

const VALUE = `value-${random(24)}`
const SECRETS = [VALUE, ...Object.values(KNOWN)]
/** The longest prefix by which a token is told, which is no secret. */
const TELLING = 'github_pat_'.length

test('at every place of every kind', () => {
  const redactor = createRedactor({ values: [VALUE] })
  for (const secret of SECRETS) {
    for (let at = 1; at < secret.length; at += 1) {
      const first = bodyRedactor(redactor, '')
      first.lastLine()
      const head = first.line(`got ${secret.slice(0, at)}`)
      const second = bodyRedactor(redactor, first.end())
      const tail = second.line(`${secret.slice(at)} from the hub`)
      expect([at, head, tail.endsWith(' from the hub')]).toEqual([at, head, true])
      expect(head.slice('got '.length).replace('***', '').length).toBeLessThanOrEqual(TELLING)
      expect(tail).toBe('*** from the hub')
    }
  }
})

test('an ordinary line that is cut is not changed', () => {
  const redactor = createRedactor({ values: [VALUE] })
  const line =
    'INFO 01-02 03:04:05 Loading model Qwen/Qwen2.5-72B-Instruct-AWQ with max_tokens=8192'
  for (let at = 1; at < line.length; at += 1) {
    const first = bodyRedactor(redactor, '')
    first.lastLine()
    const head = first.line(line.slice(0, at))
    expect(head + bodyRedactor(redactor, first.end()).line(line.slice(at))).toBe(line)
  }
})

test('where the first part was read by another server, a first word that may be a token is masked', () => {
  const { line } = bodyRedactor(createRedactor(), undefined)
  expect(line(`${random(20)} from the hub`)).toBe('*** from the hub')
  expect(bodyRedactor(createRedactor(), undefined).line('ding the model')).toBe('ding the model')
})

for (const [how, first, again] of [
  ['', 'first line\nlogin ', false],
  [', the first of them twice, as its answer was lost', 'first line\nlogin ', true],
  [', the first line of the second being the rest of a masked one', 'first line\n', false],
] as const) {
  test(`in output that is sent in two requests${how}`, async () => {
    const server = await startServer()
    await server.post('/admin/nodes', { node_id: 'n' })
    const token = KNOWN['a Hugging Face token'] as string
    let offset = 0
    const send = async (text: string, times = 1) => {
      for (let n = 0; n < times; n += 1) {
        const answer = await server.fetch('/admin/nodes/n/logs', {
          method: 'POST',
          headers: {
            'Content-Type': 'text/plain',
            'Log-Source': '3d6f0a53-0f59-4e56-9bd1-3c3f0a5f9b11',
            'Log-Offset': String(offset),
          },
          body: text,
        })
        expect(answer.status).toBe(202)
      }
      offset += Buffer.byteLength(text)
    }
    await send(`${first}${token.slice(0, 15)}`, again ? 2 : 1)
    await send(`${token.slice(15)} done\nlast line\n`)
    const answer = await server.fetch('/admin/nodes/n/logs')
    const { logs } = (await answer.json()) as { logs: { message: string }[] }
    const head = first.endsWith('login ') ? 'login ***' : '***'
    expect(logs.map(({ message }) => message)).toEqual([
      'first line',
      head,
      '*** done',
      'last line',
    ])
  })
}
