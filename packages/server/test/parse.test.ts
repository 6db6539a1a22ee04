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
  [newNodeSchema, [], 'body must be an object'],
  [newNodeSchema, null, 'body must be an object'],
  [draftSchema, { message: 7 }, "'message' must be a string"],
  [draftSchema, {}, "'message' is required"],
  [draftSchema, { message: '', level: 'loud' }, "'level' must be one of debug, info, warn, error"],
])('says in a whole sentence what is wrong with a body (%#)', (schema, body, message) => {
  expect(() => parseBody(schema, body)).toThrow(expect.objectContaining({ status: 400, message }))
})

function launch(more: object) {
  return { provider: 'local', ...more }
}
