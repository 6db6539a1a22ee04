import { once } from 'node:events'
import { type ClientRequest, get, type IncomingMessage } from 'node:http'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fastify, { type FastifyReply, type FastifyRequest } from 'fastify'
import { expect, onTestFinished, test } from 'vitest'
import { takeOver } from '../src/http/take-over.js'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

async function openStream(take: (reply: FastifyReply) => FastifyReply['raw']) {
  // Any hook for the end of an answer has the framework listen for it.
  const app = fastify().addHook('onResponse', (_request, _reply, done) => done())
  const kept: WeakRef<FastifyRequest | FastifyReply>[] = []
  let ended = 0
  app.get('/', async (request, reply) => {
    kept.push(new WeakRef(request), new WeakRef(reply))
    const raw = take(reply)
    raw.writeHead(200).flushHeaders()
    raw.on('close', () => {
      ended += 1
    })
  })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  const reading: ClientRequest = get(url).on('error', () => {})
  const [response] = (await once(reading, 'response')) as [IncomingMessage]
  response.on('error', () => {})
  onTestFinished(async () => {
    reading.destroy()
    await app.close()
  })
  return {
    leave: () => reading.destroy(),
    ended: () => ended,
    async isKept() {
      for (let turn = 0; turn < 10; turn += 1) {
        await nextTurn()
        collect()
      }
      return kept.map((ref) => ref.deref() !== undefined)
    },
  }
}

test('a stream keeps neither its request nor its reply, and is told when its reader has gone', async () => {
  const { isKept, leave, ended } = await openStream(takeOver)
  expect(await isKept()).toEqual([false, false])
  leave()
  await expect.poll(ended).toBe(1)
})

test('the framework by itself would keep both', async () => {
  const { isKept } = await openStream((reply) => reply.hijack().raw)
  expect(await isKept()).toEqual([true, true])
})
