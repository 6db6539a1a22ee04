import { type Operation, operations } from '@launchtail/client/protocol'
import fastify from 'fastify'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { createRepeats } from '../src/async/repeats.js'
import { mount, serve } from '../src/http/operation.js'
import { shapeErrors } from '../src/http/refusals.js'

const operation = {
  method: 'POST',
  path: '/things/{id}',
  summary: 'Double a number',
  scope: 'read',
  query: z.object({ word: z.enum(['yes'], "invalid 'word' value").optional() }),
  body: z.object({ number: z.number().default(1) }),
  headers: { 'X-Given': 'Comes back.' },
  status: 203,
  answer: z.object({ twice: z.number() }),
  answerHeaders: { 'X-Answered': 'What was given.', 'X-Never': 'Not this time.' },
} as const satisfies Operation

function app() {
  const made = fastify()
  made.removeAllContentTypeParsers()
  made.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
  shapeErrors(made, { repeats: createRepeats(), onRefusal() {} })
  return made
}

const JSON_TYPE = { 'content-type': 'application/json' }

it('a handler is given what the definition has, and its answer is sent as that says', async () => {
  const served = app()
  mount(served, operation, async ({ id, query, body, header }) => ({
    answer: { twice: body.number * 2 },
    headers: { 'X-Answered': `${id} ${query.word} ${header('X-Given')}`, 'X-Never': undefined },
  }))
  const { statusCode, headers, body } = await served.inject({
    method: 'POST',
    url: '/things/a?word=yes&other=1',
    headers: { ...JSON_TYPE, 'x-given': 'g' },
    payload: '{}',
  })
  expect([statusCode, body]).toEqual([203, '{"twice":2}'])
  expect(headers).toMatchObject({
    'content-type': 'application/json; charset=utf-8',
    'x-answered': 'a yes g',
  })
  expect(headers).not.toHaveProperty('x-never')
})

it('an answer without a body has neither text nor type', async () => {
  const served = app()
  serve(served, { deleteNode: async () => undefined })
  const { statusCode, headers, body } = await served.inject({
    method: 'DELETE',
    url: '/admin/nodes/a',
  })
  expect([statusCode, body, headers['content-type']]).toEqual([204, '', undefined])
})

it('a call that is wrong in several ways is refused for the first, in the promised order', async () => {
  const served = app()
  mount(
    served,
    operation,
    async () => ({ answer: { twice: 0 }, headers: {} }),
    ({ headers }) => {
      if (headers.accept === 'image/png')
        throw Object.assign(new Error('none'), { statusCode: 408 })
    },
  )
  const wrong = {
    accept: 'image/png',
    type: 'text/csv',
    query: '?word=no',
    id: '%20',
    payload: '[',
  }
  const right = { accept: '*/*', type: 'application/json', query: '', id: 'a', payload: '{}' }
  const answers: string[] = []
  let asked = wrong
  for (const name of Object.keys(wrong) as (keyof typeof wrong)[]) {
    const { statusCode, body } = await served.inject({
      method: 'POST',
      url: `/things/${asked.id}${asked.query}`,
      headers: { accept: asked.accept, 'content-type': asked.type },
      payload: asked.payload,
    })
    answers.push(`${statusCode} ${JSON.parse(body).error.message}`)
    asked = { ...asked, [name]: right[name] }
  }
  expect(answers).toEqual([
    '408 request took too long',
    '415 content type must be application/json',
    "400 invalid 'word' value",
    '404 node not found',
    '400 body is not valid JSON',
  ])
})

/** Only compiled: each line marked as an error would compile if the server did not follow. */
export function refusedByTheCompiler() {
  const served = app()
  const node = { node_id: 'n', status: 'active', phase: 'active', progress: 100 } as const
  const times = { created_at: '', updated_at: '', message: '', phases: [] }
  const place = { cluster_name: '', provider: '', region: '', gpu: '', gpu_count: 0 }
  const record = { ...node, ...times, ...place, model: '', use_spot: false }
  serve(served, { getNode: async () => record })

  const answer = operations.getNode.answer.extend({ colour: z.string() })
  const changed = { ...operations.getNode, answer }
  // @ts-expect-error an answer that has got another field
  mount(served, changed, async () => record)
  // @ts-expect-error no such operation
  serve(served, { getNodes: async () => record })
  // @ts-expect-error an answer without its fields
  serve(served, { getNode: async () => node })
  // @ts-expect-error no answer
  serve(served, { getNode: async () => {} })
  // @ts-expect-error an answer where there is none
  serve(served, { deleteNode: async () => record })
  // @ts-expect-error a parameter that the operation does not have
  serve(served, { getNode: async ({ query }) => ({ ...record, message: query.tail }) })
  // @ts-expect-error a field of the body that the definition does not have
  mount(served, operation, async ({ body }) => ({ answer: { twice: body.factor }, headers: {} }))
  // @ts-expect-error a request header that the operation does not read
  serve(served, { getNode: async ({ header }) => ({ ...record, message: header('X') ?? '' }) })
  // @ts-expect-error an answer's header that the definition does not have
  mount(served, operation, async () => ({ answer: { twice: 2 }, headers: { 'X-Other': '' } }))
  // @ts-expect-error an answer that is not JSON text of its own type
  serve(served, { getNode: async () => '{}' })
  return served
}
