import { draftSchema, launchSchema, newNodeSchema } from '@launchtail/client/protocol'
import { expect, it } from 'vitest'
import type { z } from 'zod'
import { parseBody } from '../src/http/parse.js'

it.each<[schema: z.ZodType, body: unknown, message: string]>([
  [launchSchema, {}, "'provider' is required"],
  [launchSchema, { provider: 1 }, "'provider' must be a string"],
  [newNodeSchema, { name: '' }, "'name' must not be empty"],
  [launchSchema, launch({ gpu_count: 0 }), "'gpu_count' must be at least 1"],
  [launchSchema, launch({ disk_size: 1e6 }), "'disk_size' must be at most 65536"],
  [launchSchema, launch({ disk_size: 1.5 }), "'disk_size' must be a whole number"],
  [launchSchema, launch({ use_spot: 'yes' }), "'use_spot' must be true or false"],
  [
    launchSchema,
    launch({ vllm_args: 'x'.repeat(5000) }),
    "'vllm_args' must have at most 4096 characters",
  ],
  [launchSchema, launch({ envs: [] }), "'envs' must be an object"],
  [
    launchSchema,
    launch({ envs: { 'A B': 'x', C: 1 } }),
    "'envs.A B' must be the name of an environment variable; 'envs.C' must be a string",
  ],
  [
    newNodeSchema,
    { labels: { ['x'.repeat(65)]: 'y' } },
    `'labels.${'x'.repeat(65)}' must have a name of at most 64 characters`,
  ],
  [
    launchSchema,
    launch({ use_spott: true, GPU: 'A100', zzz: 1, readiness: { prot: 1 } }),
    "'readiness' has no field 'prot' (did you mean 'port'?); body has no field 'use_spott' (did you mean 'use_spot'?), no field 'GPU' (did you mean 'gpu'?), no field 'zzz'",
  ],
  [newNodeSchema, { modle: 'm' }, "body has no field 'modle' (did you mean 'model'?)"],
  [newNodeSchema, [], 'body must be an object'],
  [newNodeSchema, null, 'body must be an object'],
  [draftSchema, { message: 7 }, "'message' must be a string"],
  [draftSchema, {}, "'message' is required"],
  [draftSchema, { message: '', level: 'loud' }, "'level' must be one of debug, info, warn, error"],
])('says in a whole sentence what is wrong with a body (%#)', (schema, body, message) => {
  expect(() => parseBody(schema, body)).toThrow(expect.objectContaining({ status: 400, message }))
})

/** Phrases of the schemas' library, which tell a caller about the library. */
const STOCK = /invalid|expected|received|unrecognized|too (?:big|small)|[<>]=/i

it.each([launchSchema, newNodeSchema, draftSchema])(
  'never speaks in the words of the library, whatever a field holds (%#)',
  (schema) => {
    const values = [
      undefined,
      null,
      true,
      -1,
      1.5,
      Number.POSITIVE_INFINITY,
      '',
      '\n',
      'x'.repeat(300_000),
    ]
    const nested = [[], [1], {}, { '': 1 }, { A: 1 }, { path: 1, port: 0, timeout: 'x', y: 1 }]
    const told: string[] = []
    for (const field of [...Object.keys(schema.shape), 'unknown']) {
      for (const value of [...values, ...nested]) {
        const result = refusal(schema, { provider: 'local', message: 'm', [field]: value })
        if (result !== undefined) told.push(result)
      }
    }
    expect(told.length).toBeGreaterThan(30)
    expect(told.filter((message) => STOCK.test(message))).toEqual([])
  },
)

function refusal(schema: z.ZodType, body: unknown): string | undefined {
  try {
    parseBody(schema, body)
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

function launch(more: object) {
  return { provider: 'local', ...more }
}
